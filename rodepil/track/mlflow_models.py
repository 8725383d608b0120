"""Models in MLflow's registry, through `mlflow.MlflowClient` alone.

References
----------
.. [1] https://mlflow.org/docs/latest/ml/model-registry/
"""

from __future__ import annotations

from rodepil.track.mlflow_door import MlflowClient, talking_to
from rodepil.track.registration import Registration

DIGEST = "rodepil.digest"
"""The tag of a version that tells what its files hold."""

DIGITS = 12


def register(uri: str, run_id: str, model: Registration) -> str:
    """Register what a run made, unless a version holds the same, and return the version.

    The files become artifacts of the run, at ``<alias>/<digest>``.

    Parameters
    ----------
    uri
        The store.
    run_id
        The run, which may have ended.
    model
        What to register; its alias is taken from the version that had it.
    """
    with talking_to(uri):
        client = MlflowClient(uri)
        version = _held(client, model) or _made(client, run_id, model)
        client.set_registered_model_alias(model.name, model.alias, version)
        client.update_registered_model(model.name, model.description)
        client.update_model_version(model.name, version, model.description)
    return version


def _held(client: MlflowClient, model: Registration) -> str | None:
    """Return the last version that holds the same files."""
    found = client.search_model_versions(f"name = '{model.name}'")
    same = [one.version for one in found if one.tags.get(DIGEST) == model.digest]
    return max(map(str, same), key=int, default=None)


def _made(client: MlflowClient, run_id: str, model: Registration) -> str:
    """Return a new version; it is made when its files are there."""
    if not client.search_registered_models(f"name = '{model.name}'"):
        client.create_registered_model(model.name)
    place = f"{model.alias}/{model.digest[:DIGITS]}"
    with model.files() as folder:
        client.log_artifacts(run_id, str(folder), place)
    artifacts = client.get_run(run_id).info.artifact_uri
    source = f"{artifacts.rstrip('/')}/{place}"
    made = client.create_model_version(
        model.name, source, run_id, tags={DIGEST: model.digest}, description=model.description
    )
    return str(made.version)
