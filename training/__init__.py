"""From a bank's files to bundles of models: what data scientists run, beside the service and never inside it.

``data`` reads and judges files -> ``models`` fits -> ``evaluation`` measures on unseen customers -> ``bundles`` writes.
``train`` is the whole road from files, ``train_from_events`` from the service's own decisions and events.

    bundles            bundles on disk, named by their content
    data               a bank's folder and files
    evaluation         how good models are, on customers they have not seen
    experience         what the service has lived through, made ready to learn from
    models             propensities by family and offer, tickets, segments, lapse
    report             the report of a bundle
    score              scores of a bank's customers by a bundle, as a file
    synthetic          a bank that nobody owns
    tracking           runs and names in MLflow, where the bank has it
    train              the whole road from a bank's files to a bundle of models
    train_from_events  a bundle from the service's own experience
    tune               recipes found by an Optuna study
    uplift             what an offer changes, for whom, where it is known who was treated and who was not
"""
