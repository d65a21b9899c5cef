"""reasoning-gym, without the syntax warnings that a dependency of it shows when it is first imported."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    import reasoning_gym
    from reasoning_gym.dataset import ProceduralDataset
    from reasoning_gym.factory import DATASETS

__all__ = ["DATASETS", "ProceduralDataset", "create"]

create = reasoning_gym.create_dataset
