import { describe, expect, it } from 'vitest'
import { hostileEndpoints } from '../../test/hostile-endpoints.ts'
import { HiveError } from '../errors.ts'
import { createPublicEndpoints, publicEndpoints } from './endpoint-guard.ts'

const refusal = (error: unknown) => {
  expect(error).toBeInstanceOf(HiveError)
  const { code, errors, status } = error as HiveError
  return { code, field: errors[0]?.field, status }
}
const refused = { code: 'endpoint.refused', field: 'endpoint', status: 422 }

function checked(url: string): unknown {
  try {
    publicEndpoints.check(url)
    return 'accepted'
  } catch (error) {
    return refusal(error)
  }
}

describe('check', () => {
  it.each(hostileEndpoints)('refuses %.80s', (url) => {
    expect(checked(url)).toEqual(refused)
  })

  it.each([
    ['https://hooks.example.com', 'https://hooks.example.com/'],
    ['https://hooks.example.com:443/a?b=c', 'https://hooks.example.com/a?b=c'],
    ['https://hooks.example.com:8443/', 'https://hooks.example.com:8443/'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['https://172.15.255.255/', 'https://172.15.255.255/'],
    ['https://172.32.0.0/', 'https://172.32.0.0/'],
    ['https://100.63.255.255/', 'https://100.63.255.255/'],
    ['https://0x08080808/', 'https://8.8.8.8/'],
    ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/'],
    ['https://internal.example.com/', 'https://internal.example.com/'],
  ])('accepts %s', (url, canonical) => {
    expect(publicEndpoints.check(url).href).toBe(canonical)
  })

  it('never repeats the URL, which may hold a password', () => {
    expect(() => publicEndpoints.check('https://user:hunter2@hooks.example.com/')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    )
  })
})

describe('resolve', () => {
  const answering = (...addresses: string[]) =>
    createPublicEndpoints(async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    ).resolve('hooks.example.com')

  it('gives every address of a public host', async () => {
    expect(await answering('93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c')).toEqual([
      { address: '93.184.215.14', family: 4 },
      { address: '2606:2800:21f:cb07:6820:80da:af6b:8b2c', family: 6 },
    ])
  })

  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.20.0.1',
    '192.168.0.1',
    '168.63.129.16',
    '198.18.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'not an address',
  ])('refuses a host with the address %s, even next to a public one', async (address) => {
    expect(refusal(await answering(address).catch((error) => error))).toEqual(refused)
    expect(refusal(await answering('93.184.215.14', address).catch((error) => error))).toEqual(refused)
  })

  it('refuses a host without any address', async () => {
    expect(refusal(await answering().catch((error) => error))).toEqual(refused)
  })

  it('refuses what the system itself knows as loopback', async () => {
    expect(refusal(await publicEndpoints.resolve('localhost').catch((error) => error))).toEqual(refused)
    expect(refusal(await publicEndpoints.resolve('127.0.0.1').catch((error) => error))).toEqual(refused)
  })

  it('passes errors of the look-up on', async () => {
    const failing = createPublicEndpoints(async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    })
    await expect(failing.resolve('hooks.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })
})
