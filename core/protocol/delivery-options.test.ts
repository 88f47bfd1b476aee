import { describe, expect, it } from 'vitest'
import { DeliveryOptions, unsaidDelivery } from './delivery-options.ts'

describe('delivery options', () => {
  it('have defaults for everything but the ordering key', () => {
    expect(unsaidDelivery).toEqual(DeliveryOptions().parse({}))
    expect(DeliveryOptions().parse({})).toEqual({
      delay_seconds: 0,
      max_attempts: 5,
      backoff: { type: 'exponential', base_seconds: 2, cap_seconds: 300 },
      lease_seconds: 30,
    })
  })

  it('fill in what a backoff leaves out', () => {
    expect(DeliveryOptions().parse({ backoff: { base_seconds: 10 } }).backoff).toEqual({
      type: 'exponential',
      base_seconds: 10,
      cap_seconds: 300,
    })
  })

  it('take just the type of a backoff', () => {
    expect(DeliveryOptions().parse({ backoff: 'fixed' }).backoff).toEqual({
      type: 'fixed',
      base_seconds: 2,
      cap_seconds: 300,
    })
  })

  it('take fractions of a second for waits and leases', () => {
    const options = { delay_seconds: 0.25, lease_seconds: 0.05, backoff: { base_seconds: 0.01, cap_seconds: 0.1 } }
    expect(DeliveryOptions().parse(options)).toMatchObject(options)
  })

  it.each([
    [{ delay_seconds: -1 }, 'delay_seconds'],
    [{ delay_seconds: '1' }, 'delay_seconds'],
    [{ max_attempts: 0 }, 'max_attempts'],
    [{ max_attempts: 101 }, 'max_attempts'],
    [{ max_attempts: 1.5 }, 'max_attempts'],
    [{ lease_seconds: 0 }, 'lease_seconds'],
    [{ lease_seconds: 43_201 }, 'lease_seconds'],
    [{ ordering_key: '' }, 'ordering_key'],
    [{ ordering_key: 'a\nb' }, 'ordering_key'],
    [{ backoff: 'linear' }, 'backoff.type'],
    [{ backoff: { type: 'linear' } }, 'backoff.type'],
    [{ backoff: { base_seconds: -1 } }, 'backoff.base_seconds'],
    [{ backoff: { base_seconds: 301 } }, 'backoff.base_seconds'],
    [{ backoff: { cap_seconds: 43_201 } }, 'backoff.cap_seconds'],
    [{ backoff: 5 }, 'backoff'],
  ])('refuse %j at %s', (options, path) => {
    const found = DeliveryOptions()
      .safeParse(options)
      .error?.issues.map((issue) => issue.path.join('.'))
    expect(found).toEqual([path])
  })

  it('let a fixed wait be longer than the cap, which has no part in it', () => {
    const options = DeliveryOptions().parse({ backoff: { type: 'fixed', base_seconds: 600 } })
    expect(options.backoff.base_seconds).toBe(600)
  })
})
