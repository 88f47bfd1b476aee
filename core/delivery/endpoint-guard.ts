import { lookup as lookUpInDns } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import { HiveError } from '../errors.ts'

/** An address that was checked, in the form that sockets take. */
export type Address = { address: string; family: 4 | 6 }

/** Decides where webhooks may be sent. Both steps throw HiveError `endpoint.refused`, naming the field `endpoint`. */
export type EndpointPolicy = {
  /** Checks everything that the text of a URL tells, without the network. */
  check(url: string): URL
  /**
   * Looks up every address of a host name (or takes an IP address as it is) and refuses the host if any of them is not
   * allowed. Errors of the look-up itself are passed on.
   */
  resolve(host: string): Promise<Address[]>
}

/** Looks up all addresses of a host name. */
export type LookUp = (host: string) => Promise<{ address: string; family: number }[]>

const maxLength = 2_048

/** Names that mean something only inside a network, or nowhere; a name is refused with everything below it. */
const innerNames = [
  'arpa',
  'corp',
  'home',
  'internal',
  'intranet',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'onion',
  'private',
  'test',
]

/** Public by its range, but the inside of a cloud: Azure's host agent. */
const innerAddresses = new Set(['168.63.129.16'])

/** The only block from which IPv6 addresses on the internet are given out. */
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Makes the refusal of an endpoint. `why` is shown to callers and never holds the URL, which may carry credentials. */
export function refuseEndpoint(why: string): HiveError {
  return new HiveError('endpoint.refused', `the endpoint is refused: ${why}`, {
    errors: [{ field: 'endpoint', message: why, code: 'endpoint.refused' }],
  })
}

/** Parses a URL and refuses what no policy allows: credentials in it, more than 2,048 characters. */
export function parseEndpoint(text: string): URL {
  if (text.length > maxLength) throw refuseEndpoint(`it is longer than ${maxLength} characters`)
  const url = URL.parse(text)
  if (url === null) throw refuseEndpoint('it is not a URL')
  if (url.username !== '' || url.password !== '') throw refuseEndpoint('it holds credentials')
  return url
}

/** The host of a URL as DNS and sockets take it: no brackets, no dot at the end. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')
}

/** Whether an address is on the public internet: unicast, and no form that wraps another address. */
function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || innerAddresses.has(text)) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || address.match(globalIpv6)
}

const lookUpAll: LookUp = (host) => lookUpInDns(host, { all: true, order: 'ipv4first' })

/**
 * The policy of deployed stages: https to public hosts, on port 443 or an unprivileged one (1024 and up).
 * A host is refused if any of its addresses is not public, so that a mixed answer can't be used to choose.
 */
export function createPublicEndpoints(lookUp: LookUp = lookUpAll): EndpointPolicy {
  return {
    check(text) {
      const url = parseEndpoint(text)
      if (url.protocol !== 'https:') throw refuseEndpoint('only https is allowed')
      if (url.port !== '' && Number(url.port) < 1024) throw refuseEndpoint('its port is neither 443 nor at least 1024')
      // the URL parser has already turned every notation of an IPv4 address (octal, hex, one number) into four decimals
      const host = hostOf(url)
      if (ipaddr.isValid(host)) {
        if (!isPublicAddress(host)) throw refuseEndpoint('its address is not on the public internet')
        return url
      }
      const labels = host.split('.')
      if (labels.length < 2 || innerNames.includes(labels.at(-1) ?? '')) {
        throw refuseEndpoint('its host is not a public name')
      }
      return url
    },

    async resolve(host) {
      const found = await lookUp(host)
      if (found.length === 0) throw refuseEndpoint('its host has no address')
      return found.map(({ address, family }) => {
        if (!isPublicAddress(address))
          throw refuseEndpoint('its host has an address that is not on the public internet')
        return { address, family: family === 6 ? 6 : 4 }
      })
    },
  }
}

export const publicEndpoints: EndpointPolicy = createPublicEndpoints()
