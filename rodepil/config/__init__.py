"""Settings: params.yaml and experiments/*.yaml as frozen, checked objects."""
