import { HiveError } from '../../../core/errors.ts'
import { matchRoute } from '../../../functions/match-route.ts'

/** What a path is refused with whose percent-encoding is no UTF-8, naming the parameters at fault; null for any other. */
export function refuseEncoding(method: string, url: string): HiveError | null {
  const [path = ''] = url.split('?')
  if (isEncoded(path)) return null
  const match = matchRoute(method, path)
  const params = Object.entries(match.route === null ? {} : match.params)
  const errors = params
    .filter(([, value]) => !isEncoded(value))
    .map(([field]) => ({ field, message: 'is not valid percent-encoded UTF-8' }))
  return new HiveError('request.invalid', 'The path is not valid percent-encoded UTF-8.', { errors })
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
