-- Counts CloudFront's responses by day, template and campaign.
-- Runs on Athena (Trino) and DuckDB: it uses only SQL that both support.
-- A template and campaign are reported only if a request for them succeeded, which needs a valid signature:
-- anybody can make up the names in a refused request.
WITH requests AS ( -- DISTINCT: CloudFront may write a line twice
  SELECT DISTINCT
    "x-edge-request-id" AS request_id,
    "date" AS day,
    "time" AS ended_at,
    "cs-method" AS method,
    "cs-uri-stem" AS path,
    "x-edge-result-type" AS result,
    COALESCE(TRY_CAST("sc-status" AS integer), 0) AS status,
    COALESCE(TRY_CAST("sc-bytes" AS bigint), 0) AS sent_bytes
  FROM access_log
  WHERE folder BETWEEN '{first_folder}' AND '{last_folder}'
    AND "date" BETWEEN '{first_day}' AND '{last_day}'
    AND regexp_like("date" || ' ' || "time", '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$')
),
classified AS ( -- `path` is as the viewer sent it or as the edge function rewrote it
  SELECT
    day,
    ended_at,
    sent_bytes,
    CASE
      WHEN regexp_like(path, '^/(r|c/[a-z0-9-]{1,32})/[a-z0-9][a-z0-9_-]{0,63}\.(png|jpg|webp|avif|gif)$')
        THEN regexp_extract(path, '/([a-z0-9][a-z0-9_-]{0,63})\.[a-z]+$', 1)
      WHEN regexp_like(path, '^/renders/[1-9][0-9]*/[a-z0-9][a-z0-9_-]{0,63}/')
        THEN split_part(path, '/', 4)
      ELSE ''
    END AS template_id,
    CASE WHEN regexp_like(path, '^/c/[a-z0-9-]{1,32}/') THEN split_part(path, '/', 3) ELSE '' END AS campaign,
    CASE
      WHEN regexp_like(path, '^/(i|images)/img_[a-z2-7]{26}\.(png|jpg|webp|avif|gif)$')
        THEN regexp_extract(path, '(img_[a-z2-7]{26})', 1)
      ELSE ''
    END AS image_id,
    CASE
      WHEN status BETWEEN 400 AND 499 THEN 'refusal'
      WHEN status < 200 OR status > 399 THEN 'failure'
      WHEN result NOT IN ('Hit', 'RefreshHit', 'OriginShieldHit', 'Miss') THEN 'failure'
      WHEN method <> 'GET' THEN 'head'
      WHEN result = 'Miss' THEN 'miss'
      ELSE 'hit'
    END AS kind,
    CASE WHEN status BETWEEN 200 AND 399 THEN 1 ELSE 0 END AS answered
  FROM requests
),
grouped AS (
  SELECT
    day,
    template_id,
    campaign,
    image_id,
    max(ended_at) AS last_at,
    count_if(kind = 'hit') AS hits,
    count_if(kind = 'miss') AS misses,
    count_if(kind = 'head') AS heads,
    count_if(kind = 'refusal') AS refusals,
    count_if(kind = 'failure') AS failures,
    sum(sent_bytes) AS sent_bytes,
    sum(answered) AS answers
  FROM classified
  GROUP BY day, template_id, campaign, image_id
),
ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY day ORDER BY answers DESC, template_id, campaign, image_id) AS place
  FROM grouped
),
named AS (
  SELECT *, answers > 0 AND place <= {max_groups} AS is_named FROM ranked
)
SELECT
  day,
  CASE WHEN is_named THEN template_id ELSE '' END AS template_id,
  CASE WHEN is_named THEN campaign ELSE '' END AS campaign,
  CASE WHEN is_named THEN image_id ELSE '' END AS image_id,
  max(last_at) AS last_at,
  CAST(sum(hits) AS bigint) AS hits,
  CAST(sum(misses) AS bigint) AS misses,
  CAST(sum(heads) AS bigint) AS heads,
  CAST(sum(refusals) AS bigint) AS refusals,
  CAST(sum(failures) AS bigint) AS failures,
  CAST(sum(sent_bytes) AS bigint) AS sent_bytes
FROM named
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
