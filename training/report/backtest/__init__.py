"""Backtest: what a policy would have offered on the bank's day, held against what the customers bought after it.

Order: customers and purchases (``crowd``) -> scores of models that have not seen the customer (``scores``) -> every
treatment of every buyer judged as the service judges it (``judged``) -> kinds in order, beside simpler answers
(``rankings``) -> hits, ranks, losses and closed purchases with intervals, as a document
(``figures``) -> a page (``pictures``).

    crowd      the bank's customers as of its day, and what they bought
    scores     scores by models of other customers: cross-fitted in five folds, or of a bundle
    judged     all treatments of the buyers: what is open, what the law leaves open, which gate shuts which purchase
    rankings   which offers and kinds come first, for the policy and for simpler answers
    intervals  means, shares and paired differences with their 95 % intervals
    figures    the figures of a backtest as a document
    pictures   the document as one HTML page with charts
"""

from training.report.backtest.crowd import Crowd, read_crowd
from training.report.backtest.figures import backtest
from training.report.backtest.judged import ORDERS
from training.report.backtest.pictures import page

__all__ = ["ORDERS", "Crowd", "backtest", "page", "read_crowd"]
