import type { RateStanding } from '../core/access/rate-limit.ts'

/** How a limit stands, in the fields of draft-ietf-httpapi-ratelimit-headers-10. */
export function rateLimitHeaders({ name, quota, windowSeconds, left, resetSeconds }: RateStanding) {
  return {
    'ratelimit-policy': `"${name}";q=${quota};w=${windowSeconds}`,
    ratelimit: `"${name}";r=${left};t=${resetSeconds}`,
  }
}
