-- Who took a term deposit after the call. The file is in order of date, so the row number stands for the time.
SELECT
    row_number() OVER () AS customer_id,
    row_number() OVER () AS called_at,
    y = 'yes'            AS bought_deposit
FROM read_csv(file('bank-additional-full.csv.gz'), delim = ';', header = true, parallel = false)
