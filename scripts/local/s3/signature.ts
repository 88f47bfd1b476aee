import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What is wrong with how a request is signed, in S3's words; undefined when nothing is. */
type Wrong = { code: string; message: string }

type Signed = { credential: string; date: string; headers: string[]; signature: string; payload: string }

/**
 * Checks the AWS Signature Version 4 of a request, in its header or in its URL. A URL is refused after its time, and for
 * another method, path or signed header than it was made for.
 */
export function refusalOf(request: IncomingMessage, url: URL, secret: string): Wrong | undefined {
  const signed = url.searchParams.has('X-Amz-Signature') ? inUrl(url) : inHeader(request)
  if (!signed) return { code: 'AccessDenied', message: 'the request is not signed' }
  const expires = url.searchParams.get('X-Amz-Expires')
  if (expires !== null && momentOf(signed.date) + Number(expires) * 1000 < Date.now()) {
    return { code: 'AccessDenied', message: 'Request has expired' }
  }
  const expected = signatureOf(request, url, signed, secret)
  const given = Buffer.from(signed.signature)
  const right = given.length === expected.length && timingSafeEqual(given, Buffer.from(expected))
  return right ? undefined : { code: 'SignatureDoesNotMatch', message: 'the signature is that of another request' }
}

function inUrl({ searchParams }: URL): Signed {
  const parameter = (name: string) => searchParams.get(`X-Amz-${name}`) ?? ''
  return {
    credential: parameter('Credential'),
    date: parameter('Date'),
    headers: parameter('SignedHeaders').split(';'),
    signature: parameter('Signature'),
    payload: 'UNSIGNED-PAYLOAD',
  }
}

function inHeader({ headers }: IncomingMessage): Signed | undefined {
  const form = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/
  const [, credential, names = '', signature] = form.exec(headers.authorization ?? '') ?? []
  if (!credential || !signature) return undefined
  const text = (name: string) => String(headers[name] ?? '')
  return {
    credential,
    date: text('x-amz-date'),
    headers: names.split(';'),
    signature,
    payload: text('x-amz-content-sha256'),
  }
}

function signatureOf(request: IncomingMessage, url: URL, signed: Signed, secret: string): string {
  const [, day = '', region = '', service = ''] = signed.credential.split('/')
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
  const headers = signed.headers.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`).join('')
  const path = decodeURIComponent(url.pathname).split('/').map(encoded).join('/')
  const canonical = [request.method, path, query, headers, signed.headers.join(';'), signed.payload].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', signed.date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  )
  return createHmac('sha256', key).update(text).digest('hex')
}

/** Percent-encoded as AWS does: everything but unreserved characters. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)

/** `20260301T120000Z` in ms. */
function momentOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'))
}
