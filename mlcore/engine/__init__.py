"""Finds what is abnormal in multivariate series of many substations at once; knows no Django, nor what a volt is.

>>> from mlcore.engine import GruAutoencoder, PrincipalComponents, find_episodes
"""

from .baseline import PrincipalComponents
from .episodes import Episode, find_episodes
from .fitted import IncompatibleWeightsError
from .gru_autoencoder import GruAutoencoder
from .reconstruction import NotFittedError, Reconstruction
from .scaling import RobustScaler
from .thresholds import extreme_threshold, quantile_threshold

__all__ = [
    "Episode",
    "GruAutoencoder",
    "IncompatibleWeightsError",
    "NotFittedError",
    "PrincipalComponents",
    "Reconstruction",
    "RobustScaler",
    "extreme_threshold",
    "find_episodes",
    "quantile_threshold",
]
