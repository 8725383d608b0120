"""Trained models as others load them: the best row of a grid, in MLflow's registry."""

from rodepil.served.publish import model_name, publish_champion

__all__ = ["model_name", "publish_champion"]
