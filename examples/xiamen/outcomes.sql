-- What the customers of both quarters did by 31 December 2019. Of a family: came to hold, or hold at least 10,000 yuan
-- more. Of each kind of product: hold at least 10,000 yuan more; a row for each kind, one without a kind for the others.
WITH balances AS (
    SELECT
        september.cust_no                                             AS customer_id,
        CAST(september.X1 + september.X2 + september.X8 AS DECIMAL(18, 2)) AS deposit_before,
        CAST(september.X4 + september.X5 + september.X6 AS DECIMAL(18, 2)) AS wealth_before,
        CAST(december.X1 + december.X2 + december.X8 AS DECIMAL(18, 2))    AS deposit_after,
        CAST(december.X4 + december.X5 + december.X6 AS DECIMAL(18, 2))    AS wealth_after,
        [
            {'product': 'structured', 'yuan': CAST(december.X1 - september.X1 AS DECIMAL(18, 2))},
            {'product': 'term', 'yuan': CAST(december.X2 - september.X2 AS DECIMAL(18, 2))},
            {'product': 'large_cd', 'yuan': CAST(december.X8 - september.X8 AS DECIMAL(18, 2))},
            {'product': 'wealth_product', 'yuan': CAST(december.X4 - september.X4 AS DECIMAL(18, 2))},
            {'product': 'fund', 'yuan': CAST(december.X5 - september.X5 AS DECIMAL(18, 2))},
            {'product': 'plan', 'yuan': CAST(december.X6 - september.X6 AS DECIMAL(18, 2))}
        ] AS rises
    FROM read_csv(file('aum_Q3.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS september
    JOIN read_csv(file('aum_Q4.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS december USING (cust_no)
),
bought AS (
    SELECT customer_id, rise.product AS product, rise.yuan AS yuan
    FROM balances, unnest(rises) AS one(rise)
    WHERE rise.yuan >= 10000
)
SELECT
    customer_id,
    deposit_before > 0                                                                              AS held_deposit,
    wealth_before > 0                                                                               AS held_wealth,
    (deposit_before = 0 AND deposit_after > 0) OR deposit_after - deposit_before >= 10000           AS bought_deposit,
    CASE WHEN deposit_after > deposit_before THEN deposit_after - deposit_before END                AS amount_deposit,
    CASE WHEN wealth_after > wealth_before THEN wealth_after - wealth_before END                    AS amount_wealth,
    (wealth_before = 0 AND wealth_after > 0) OR wealth_after - wealth_before >= 10000               AS bought_wealth,
    bought.product                                                                                  AS bought_product,
    bought.yuan                                                                                     AS bought_amount_yuan
FROM balances
LEFT JOIN bought USING (customer_id)
