import { describe, expect, it } from 'vitest'
import { loopbackEndpoints } from './loopback.ts'

const refused = expect.objectContaining({ code: 'endpoint.refused' })

describe('loopbackEndpoints', () => {
  it.each(['http://127.0.0.1:4000/hook', 'http://localhost:80/', 'http://[::1]:4000/', 'https://127.8.8.8/'])(
    'accepts %s',
    (url) => {
      expect(loopbackEndpoints.check(url).href).toContain('//')
    },
  )

  it('accepts what deployed stages accept', () => {
    expect(loopbackEndpoints.check('https://hooks.example.com/').hostname).toBe('hooks.example.com')
  })

  it.each([
    'http://hooks.example.com/',
    'http://10.0.0.1/',
    'http://0.0.0.0:4000/',
    'http://169.254.169.254/',
    'https://[::ffff:127.0.0.1]/',
    'http://user:secret@localhost/',
    'ftp://localhost/',
    'http://evil.localhost/',
  ])('still refuses %s', (url) => {
    expect(() => loopbackEndpoints.check(url)).toThrow(refused)
  })

  it('resolves this machine and nothing else that is inside', async () => {
    expect(await loopbackEndpoints.resolve('127.0.0.1')).toEqual([{ address: '127.0.0.1', family: 4 }])
    expect(await loopbackEndpoints.resolve('localhost')).toContainEqual({ address: '127.0.0.1', family: 4 })
    await expect(loopbackEndpoints.resolve('10.0.0.1')).rejects.toThrow(refused)
  })
})
