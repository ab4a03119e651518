-- Our attributes at the end of 30 September 2019, for every customer of aum_Q3.
-- X1 structured deposit, X2 time deposit, X3 demand, X4 wealth product, X5 fund, X6 asset-management plan, X7 loan,
-- X8 large CD; B1 logins, B2/B3 transfers in, B4/B5 out, B6 the latest, B7 of the quarter; C1 all deposits, C2 their number.
SELECT
    aum.cust_no                            AS customer_id,
    -- The bank numbers customers in order of opening: those first seen in August, September and October have the highest.
    CAST(aum.cust_no AS BIGINT)            AS relationship_number,
    aum.X3                                 AS demand_yuan,
    aum.X2                                 AS time_deposit_yuan,
    aum.X1                                 AS structured_deposit_yuan,
    aum.X8                                 AS large_cd_yuan,
    aum.X4                                 AS wealth_product_yuan,
    aum.X5                                 AS fund_yuan,
    aum.X6                                 AS plan_yuan,
    aum.X7                                 AS loan_yuan,
    month_9.C1                             AS deposit_total_yuan,
    month_8.C1                             AS deposit_total_1m_ago_yuan,
    month_7.C1                             AS deposit_total_2m_ago_yuan,
    month_9.C2                             AS deposit_products,
    month_8.C2                             AS deposit_products_1m_ago,
    month_7.C2                             AS deposit_products_2m_ago,
    behavior.B1                            AS logins_30d,
    behavior.B2                            AS transfers_in_30d,
    behavior.B3                            AS transfers_in_30d_yuan,
    behavior.B4                            AS transfers_out_30d,
    behavior.B5                            AS transfers_out_30d_yuan,
    behavior.B7                            AS transfers_90d,
    -- Days with their fraction, so that the hour is kept.
    date_diff('second', behavior.B6, CAST(as_of() + 1 AS TIMESTAMP)) / 86400.0 AS last_transfer_days,
    CAST(behavior.B6 AS DATE)              AS last_transfer_on
FROM read_csv(file('aum_Q3.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS aum
LEFT JOIN read_csv(file('behavior_Q3.csv.gz'), types = {'cust_no': 'VARCHAR', 'B6': 'TIMESTAMP'}) AS behavior USING (cust_no)
LEFT JOIN read_csv(file('cunkuan_m9.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS month_9 USING (cust_no)
LEFT JOIN read_csv(file('cunkuan_m8.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS month_8 USING (cust_no)
LEFT JOIN read_csv(file('cunkuan_m7.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS month_7 USING (cust_no)
