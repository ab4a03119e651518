"""From a bank's files to bundles of models: what data scientists run, beside the service and never inside it."""
