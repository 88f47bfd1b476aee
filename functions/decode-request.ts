import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { type FieldError, HiveError } from '../core/errors.ts'
import { parseJson } from '../core/protocol/json.ts'
import { isLongerInUtf8 } from '../core/utf8-length.ts'

/** Lambda takes 6 MB in all, and the event around a body costs some of it. */
const maxBodyBytes = 4 * 1024 * 1024

/**
 * The body as JSON; an absent or empty one counts as `{}`.
 * Throws `request.too_large` before anything is parsed, else `request.invalid_json`.
 */
export function decodeBody(event: APIGatewayProxyEventV2): unknown {
  const body = event.body ?? ''
  const { isBase64Encoded } = event
  const isLong = isBase64Encoded ? Buffer.byteLength(body, 'base64') > maxBodyBytes : isLongerInUtf8(body, maxBodyBytes)
  if (isLong) {
    const bytes = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8')
    throw new HiveError('request.too_large', `the body has ${bytes} bytes; at most ${maxBodyBytes} are taken`)
  }
  const text = isBase64Encoded ? decodeUtf8(Buffer.from(body, 'base64')) : body
  return isEmpty(text) ? {} : parseJson(text)
}

/** Whether there is nothing but what JSON takes for white space. */
const isEmpty = (text: string) => !/[^ \t\r\n]/.test(text)

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // a byte order mark stays, to be refused as where the body came as text
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new HiveError('request.invalid_json', 'the body is not UTF-8', { cause })
  }
}

/**
 * The query as an object. The raw text is read: API Gateway joins a repeated parameter by commas, which
 * would pass for one value. Throws `request.invalid` naming each parameter that is repeated or badly encoded.
 */
export function decodeQuery(rawQueryString: string): Record<string, string> {
  const query: Record<string, string> = {}
  const errors: FieldError[] = []
  for (const pair of rawQueryString.split('&')) {
    if (pair === '') continue
    const [rawName = '', ...rest] = pair.split('=')
    const name = percentDecode(rawName) ?? rawName
    const value = percentDecode(rest.join('='))
    if (value === null) errors.push({ field: name, message: 'is not valid percent-encoded UTF-8' })
    else if (Object.hasOwn(query, name)) errors.push({ field: name, message: 'is given more than once' })
    else Object.defineProperty(query, name, { value, enumerable: true })
  }
  if (errors.length > 0) throw new HiveError('request.invalid', 'the query is not valid', { errors })
  return query
}

/** Decodes one percent-encoded value, `+` being a space; null when it is not valid UTF-8. */
function percentDecode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}
