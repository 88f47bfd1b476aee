/**
 * Prices in US dollars, us-east-1, without free tiers: of Upstash and Neon from their documentation, of AWS as guides of 2026
 * quote its price lists.
 */
export const prices = {
  /** Upstash Redis, pay as you go: a command, those inside scripts too. */
  redisCommand: 0.2 / 100_000,
  /** SQS standard: a request of up to 64 KB. */
  sqsRequest: 0.4 / 1e6,
  /** API Gateway, HTTP API: a request of up to 512 KB. */
  apiRequest: 1 / 1e6,
  /** Lambda on arm64. */
  lambdaRequest: 0.2 / 1e6,
  lambdaGigabyteSecond: 0.0000133334,
  /** CloudWatch: a GB of logs taken in; a metric, an alarm or a dashboard for a month. */
  logGigabyte: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  /** Neon Launch: a compute of 1 CU for an hour. */
  neonHour: 0.106,
} as const
