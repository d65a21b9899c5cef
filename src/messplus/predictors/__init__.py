"""Who predicts satisfaction: one file each, all behind `messplus.core.types.Predictor`."""
