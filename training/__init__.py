"""From a bank's files to bundles of models: what data scientists run, beside the service and never inside it.

``data`` reads and checks files -> ``models`` fits -> ``evaluation`` measures out-of-fold scores -> ``bundles`` writes.
``train`` is all of it from files, ``train_from_events`` from the service's own decisions and events.

    arrays             types of arrays
    data               a bank's folder and files, mapped, checked and sampled
    experience         the service's decisions and events as observations
    evaluation         ranking, calibration, fairness, leakage, policy value
    models             propensities by family and offer, tickets, segments, lapse
    uplift             what an offer changes, for whom, where treated and untreated are known
    score              scores of a bank's customers by a bundle, as a file
    bundles            bundles on disk, what each stores to be judged by, the champion, drift
    train              a bundle from a bank's files
    train_from_events  a bundle from the service's own experience
    tune               hyperparameter search by Optuna
    tracking           runs and model versions in MLflow, where the bank has it
    report             the report of a bundle, and of a policy held against the past, as HTML or JSON
    synthetic          an invented bank with known true propensities
"""
