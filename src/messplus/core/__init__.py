"""The algorithm, pure: state and input in, decision and next state out.

No I/O, no clock and no random numbers in here: the uniform draws are arguments.
"""
