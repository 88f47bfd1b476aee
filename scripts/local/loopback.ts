import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import {
  type EndpointPolicy,
  hostOf,
  parseEndpoint,
  publicEndpoints,
  refuseEndpoint,
} from '../../core/delivery/endpoint-guard.ts'

const isLoopback = (text: string) => ipaddr.isValid(text) && ipaddr.parse(text).range() === 'loopback'
const isOwnHost = (host: string) => host === 'localhost' || isLoopback(host)

/**
 * The local cloud's policy: http and https to this machine (localhost, 127.0.0.0/8, ::1; any port), and what deployed
 * stages allow. It lives here and nowhere else, so that no bundle can hold it.
 */
export const loopbackEndpoints: EndpointPolicy = {
  check(text) {
    const url = parseEndpoint(text)
    const web = url.protocol === 'http:' || url.protocol === 'https:'
    return web && isOwnHost(hostOf(url)) ? url : publicEndpoints.check(text)
  },

  async resolve(host) {
    if (!isOwnHost(host)) return publicEndpoints.resolve(host)
    const found = await lookup(host, { all: true, order: 'ipv4first' })
    return found.map(({ address, family }) => {
      if (!isLoopback(address)) throw refuseEndpoint('localhost has an address that is not of this machine')
      return { address, family: family === 6 ? 6 : 4 }
    })
  },
}
