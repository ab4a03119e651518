-- What the customers of both quarters did by 31 December 2019: came to hold, or hold at least 10,000 yuan more.
WITH balances AS (
    SELECT
        september.cust_no                                             AS customer_id,
        CAST(september.X1 + september.X2 + september.X8 AS DECIMAL(18, 2)) AS deposit_before,
        CAST(september.X4 + september.X5 + september.X6 AS DECIMAL(18, 2)) AS wealth_before,
        CAST(december.X1 + december.X2 + december.X8 AS DECIMAL(18, 2))    AS deposit_after,
        CAST(december.X4 + december.X5 + december.X6 AS DECIMAL(18, 2))    AS wealth_after
    FROM read_csv(file('aum_Q3.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS september
    JOIN read_csv(file('aum_Q4.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS december USING (cust_no)
)
SELECT
    customer_id,
    deposit_before > 0                                                                              AS held_deposit,
    wealth_before > 0                                                                               AS held_wealth,
    (deposit_before = 0 AND deposit_after > 0) OR deposit_after - deposit_before >= 10000           AS bought_deposit,
    CASE WHEN deposit_after > deposit_before THEN deposit_after - deposit_before END                AS amount_deposit,
    CASE WHEN wealth_after > wealth_before THEN wealth_after - wealth_before END                    AS amount_wealth,
    (wealth_before = 0 AND wealth_after > 0) OR wealth_after - wealth_before >= 10000               AS bought_wealth
FROM balances
