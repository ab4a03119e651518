-- Who bought the annuity, of the file to learn from only: the validation file stays unseen.
SELECT 't' || row_number() OVER () AS customer_id, INS = 1 AS bought_wealth
FROM read_csv(file('insurance_t.csv.gz'), parallel = false)
