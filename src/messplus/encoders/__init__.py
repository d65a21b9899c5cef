"""Request text to feature vector, frozen: one file per encoder, all behind `base.Encoder`.

An encoder that needs an extra is imported when it is asked for, so this package needs numpy alone.
"""

from messplus import specs
from messplus.encoders.base import Encoder, Vectors
from messplus.encoders.cache import Encoded, EncodingCache, Progress, encode_cached
from messplus.encoders.features import Features
from messplus.encoders.hashed import HashedNgrams
from messplus.errors import require_extra, unknown

__all__ = [
    "ENCODERS",
    "Encoded",
    "Encoder",
    "EncodingCache",
    "Features",
    "HashedNgrams",
    "Progress",
    "Vectors",
    "encode_cached",
    "encoder_from_spec",
]

ENCODERS = ("endpoint", "hashed", "modernbert", "sentence", "static")


def encoder_from_spec(text: str) -> Encoder:
    """The encoder that a spec such as `hashed:dims=128` names; docs/reference/encoders.md has all.

    Raises:
        SettingError: The name or an option is unknown, missing or out of range.
        MissingExtraError: The encoder needs an extra that is not installed.
        EncoderError: Its model cannot be loaded.
    """
    spec = specs.parse(text)
    what = f"the encoder {spec.name!r}"
    match spec.name:
        case "hashed":
            return specs.settings(HashedNgrams, spec, "encoder")
        case "static":
            require_extra("encoders", ["safetensors", "tokenizers", "wordllama"], what)
            from messplus.encoders.static import StaticEmbedding

            return specs.settings(StaticEmbedding, spec, "encoder")
        case "sentence":
            require_extra("encoders", ["onnxruntime", "tokenizers"], what)
            from messplus.encoders.sentence import OnnxSentence

            return specs.settings(OnnxSentence, spec, "encoder")
        case "endpoint":
            require_extra("encoders", ["urllib3"], what)
            from messplus.encoders.endpoint import EmbeddingsEndpoint

            return specs.settings(EmbeddingsEndpoint, spec, "encoder")
        case "modernbert":
            require_extra("torch", ["torch", "transformers"], what)
            from messplus.encoders.modernbert import ModernBert

            return specs.settings(ModernBert, spec, "encoder")
        case _:
            raise unknown("encoder", spec.name, ENCODERS)
