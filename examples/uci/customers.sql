-- Our attributes before each call. Never the duration: it is known only after the call. "unknown" is NULL.
SELECT
    row_number() OVER ()                                             AS customer_id,
    age                                                              AS age,
    nullif(job, 'unknown')                                           AS occupation,
    nullif(marital, 'unknown')                                       AS marital_status,
    nullif(education, 'unknown')                                     AS education,
    CASE "default" WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE END     AS credit_default,
    CASE housing WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE END       AS housing_loan,
    CASE loan WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE END          AS personal_loan,
    contact                                                          AS contact_type,
    month                                                            AS contact_month,
    day_of_week                                                      AS contact_weekday,
    campaign                                                         AS campaign_contacts,
    nullif(pdays, 999)                                               AS last_campaign_days,
    previous                                                         AS previous_contacts,
    poutcome                                                         AS last_campaign_outcome,
    "emp.var.rate"                                                   AS employment_variation_rate,
    "cons.price.idx"                                                 AS consumer_price_index,
    "cons.conf.idx"                                                  AS consumer_confidence_index,
    euribor3m                                                        AS interbank_rate_3m,
    "nr.employed"                                                    AS employees_thousand
FROM read_csv(file('bank-additional-full.csv.gz'), delim = ';', header = true, parallel = false)
