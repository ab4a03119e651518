-- Who was a customer on 30 September 2019 and no longer on 31 December 2019 (missing from aum_Q4).
SELECT
    september.cust_no         AS customer_id,
    december.cust_no IS NULL  AS lapsed
FROM read_csv(file('aum_Q3.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS september
LEFT JOIN read_csv(file('aum_Q4.csv.gz'), types = {'cust_no': 'VARCHAR'}) AS december USING (cust_no)
