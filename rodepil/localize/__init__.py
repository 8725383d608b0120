"""RaSeformer trained and scored: one trial of temporal localization in plain torch."""
