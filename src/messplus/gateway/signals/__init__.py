"""What is said of answers by rule, and by judge models.

answer     what checks and judges see of an answer
checks     rules: pure, bounded (limits, patterns, schemas)
rules      what their findings mean for the account of a promise
verdict    what a judge is asked, and how its reply is read
judging    a share of the answers is judged in the background
signals    `Signals`: all of it, for the gateway
advice     what a configuration should not say
ports      what is needed from the rest of the gateway
"""

from messplus.gateway.signals.answer import Answer
from messplus.gateway.signals.ports import JudgeReply
from messplus.gateway.signals.signals import Signals

__all__ = ["Answer", "JudgeReply", "Signals"]
