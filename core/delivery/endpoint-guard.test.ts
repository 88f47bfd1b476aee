import { describe, expect, it } from 'vitest'
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
  it.each([
    // not https, or no URL at all
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'gopher://hooks.example.com/',
    'javascript:alert(1)',
    'data:text/plain,hello',
    'ws://hooks.example.com/',
    '//hooks.example.com/',
    'hooks.example.com',
    'https://',
    'https:///',
    '',
    // credentials
    'https://user:secret@hooks.example.com/',
    'https://user@hooks.example.com/',
    'https://:secret@hooks.example.com/',
    'https://hooks.example.com@127.0.0.1/',
    // ports of other services
    'https://hooks.example.com:22/',
    'https://hooks.example.com:25/',
    'https://hooks.example.com:80/',
    'https://hooks.example.com:0/',
    'https://hooks.example.com:65536/',
    // loopback in every notation
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.1/',
    'https://127.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://0177.0x0.0.1/',
    'https://127.255.255.254/',
    'https://１２７.０.０.１/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    // other ranges that are not public
    'https://0.0.0.0/',
    'https://0/',
    'https://10.0.0.1/',
    'https://012.0.0.1/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://3232235777/',
    'https://100.64.0.1/',
    'https://100.100.100.200/',
    'https://169.254.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://169.254.170.2/v2/credentials',
    'https://2852039166/',
    'https://0xa9fea9fe/',
    'https://0251.0376.0251.0376/',
    'https://168.63.129.16/',
    'https://192.0.0.192/',
    'https://192.0.2.1/',
    'https://192.88.99.1/',
    'https://198.18.0.1/',
    'https://198.19.255.255/',
    'https://198.51.100.1/',
    'https://203.0.113.1/',
    'https://224.0.0.1/',
    'https://240.0.0.1/',
    'https://255.255.255.255/',
    // IPv6
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[::127.0.0.1]/',
    'https://[::ffff:0:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b::169.254.169.254]/',
    'https://[64:ff9b:1::10.0.0.1]/',
    'https://[2002:7f00:1::]/',
    'https://[2002:a9fe:a9fe::1]/',
    'https://[2001:0:7f00:1::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fc00::1]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://[100::1]/',
    'https://[2001:db8::1]/',
    'https://[3fff::1]/',
    'https://[5f00::1]/',
    'https://[4000::1]/',
    'https://[fe80::1%25eth0]/',
    // names that mean something inside only
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://a.localhost/',
    'https://ｌｏｃａｌｈｏｓｔ/',
    'https://localhost.localdomain/',
    'https://metadata/',
    'https://metadata.google.internal/',
    'https://metadata.google.internal./',
    'https://ip-10-0-0-1.ec2.internal/',
    'https://printer.local/',
    'https://router.lan/',
    'https://nas.home/',
    'https://nas.home.arpa/',
    'https://1.0.0.127.in-addr.arpa/',
    'https://wiki.corp/',
    'https://wiki.intranet/',
    'https://hidden.onion/',
    'https://kubernetes.default.svc.cluster.local/',
    'https://instance-data/',
    `https://hooks.example.com/${'a'.repeat(2_048)}`,
  ])('refuses %.80s', (url) => {
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
