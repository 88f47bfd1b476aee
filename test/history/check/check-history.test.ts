import { describe, expect, it } from 'vitest'
import type { Ending, History, Lease, Operation, PublishOp, ReceiveOp, Sent, SettleOp } from '../history.ts'
import { checkHistory } from './check-history.ts'

// Histories written by hand: what must not happen is seen, and what only looks like it is not.

const t0 = 1_800_000_000_000

function message(id: string, given: Partial<Sent> = {}): Sent {
  const common = { from: 'ann', to: 'bob', type: 'task', priority: 2, ttlMs: 60_000, delayMs: 0, maxAttempts: 5 }
  return { id, ...common, content: `content of ${id}`, ...given }
}

function published(ids: string[], at: number, given: Partial<PublishOp> = {}): PublishOp {
  const accepted = ids.map((id) => ({ id, acceptedAt: t0 + at + 1, duplicate: false }))
  const common = { kind: 'publish', outcome: 'ok', conflicting: false } as const
  return { ...common, start: t0 + at, end: t0 + at + 2, ids, accepted, ...given }
}

const lease = (id: string, number: number, until: number, given: Partial<Lease> = {}): Lease => ({
  ...{ id, receipt: `${id}.${number}`, attempt: number, until: t0 + until, acceptedAt: t0 + 1 },
  content: `content of ${id}`,
  ...given,
})

let requests = 0
function received(leases: Lease[], at: number, given: Partial<ReceiveOp> = {}): ReceiveOp {
  const common = { kind: 'receive', outcome: 'ok', agent: 'bob', filtered: false } as const
  return { ...common, request: `r${++requests}`, start: t0 + at, end: t0 + at + 4, leases, ...given }
}

function acknowledged(receipt: string, at: number, result: 'delivered' | 'stale' | undefined = 'delivered'): SettleOp {
  const [id = ''] = receipt.split('.')
  const settlement = { id, receipt, action: 'ack', leaseMs: 0, duplicate: false } as const
  const settlements = [{ ...settlement, ...(result ? { result } : {}) }]
  return {
    kind: 'settle',
    outcome: result ? 'ok' : 'unknown',
    start: t0 + at,
    end: t0 + at + 3,
    agent: 'bob',
    settlements,
  }
}

const ended = (id: string, at: number, given: Partial<Ending> = {}): Ending => ({
  ...{ id, agent: 'bob', status: 'delivered', attempts: 1, maxAttempts: 5, reason: '', settledAt: t0 + at },
  ...given,
})

function historyOf(sent: Sent[], operations: Operation[], endings: Ending[], given: Partial<History> = {}): History {
  const rows = endings.map(({ id, agent, status, attempts }) => {
    return { id, agent, status, attempts, content: JSON.stringify({ content: `content of ${id}` }) }
  })
  return {
    seed: 0,
    fleet: {
      pulling: ['bob', 'cy'],
      pushed: ['pat'],
      topics: { news: ['bob', 'cy'] },
      capabilities: { can: ['bob', 'cy'] },
    },
    sent: new Map(sent.map((one) => [one.id, one])),
    operations,
    quiet: { at: t0 + 90_000, endings, rows, inboxes: [], broken: [] },
    offsetMs: { 1: 300, 2: 200, 3: 100, 4: 0 },
    frozen: false,
    unexpected: [],
    ...given,
  }
}

const kindsOf = (history: History) => [...new Set(checkHistory(history).map(({ kind }) => kind))]
/** One message, published and acknowledged at once. */
const handled = (id: string, at: number): Operation[] => [
  published([id], at),
  received([lease(id, 1, at + 500)], at + 10),
  acknowledged(`${id}.1`, at + 20),
]

describe('a good history', () => {
  it('has no violations', () => {
    expect(checkHistory(historyOf([message('a')], handled('a', 0), [ended('a', 21)]))).toEqual([])
  })

  it('may leave open what became of a batch that nobody knows of, whole', () => {
    const unknown = published(['a', 'b'], 0, { outcome: 'unknown', accepted: [] })
    const sent = [message('a'), message('b')]
    expect(kindsOf(historyOf(sent, [unknown], []))).toEqual([])
    const expired = [ended('a', 60_001, { status: 'expired' }), ended('b', 60_001, { status: 'expired' })]
    expect(kindsOf(historyOf(sent, [unknown], expired))).toEqual([])
    expect(kindsOf(historyOf(sent, [unknown], expired.slice(1)))).toEqual(['batch torn'])
  })
})

describe('a message', () => {
  it('that was accepted and of which nothing is known is lost', () => {
    expect(kindsOf(historyOf([message('a')], [published(['a'], 0)], []))).toEqual(['lost'])
  })

  it('that is still under way when all is quiet is lost', () => {
    const waiting = ended('a', 0, { status: 'pending' })
    expect(kindsOf(historyOf([message('a')], [published(['a'], 0)], [waiting]))).toEqual(['lost'])
  })

  it('to a topic is lost at the one subscriber that has it not', () => {
    const sent = [message('a', { to: 'topic:news' })]
    const found = checkHistory(historyOf(sent, handled('a', 0), [ended('a', 21)]))
    expect(found).toMatchObject([{ kind: 'lost', agent: 'cy' }])
  })

  it('to a capability goes to one of those who have it', () => {
    const sent = [message('a', { to: 'capability:can' })]
    expect(kindsOf(historyOf(sent, handled('a', 0), [ended('a', 21)]))).toEqual([])
    const both = [ended('a', 21), ended('a', 21, { agent: 'cy' })]
    expect(kindsOf(historyOf(sent, handled('a', 0), both))).toContain('wrong recipient')
  })

  it('that was refused, or that nobody sent to its receiver, was invented', () => {
    const refused = published(['a'], 0, { outcome: 'failed', accepted: [] })
    expect(kindsOf(historyOf([message('a')], [refused], [ended('a', 60_001, { status: 'expired' })]))).toEqual([
      'invented',
    ])
    const sent = [message('a', { to: 'cy' })]
    expect(kindsOf(historyOf(sent, handled('a', 0), [ended('a', 21), ended('a', 21, { agent: 'cy' })]))).toContain(
      'wrong recipient',
    )
  })

  it('is new once only, and never new with other content', () => {
    const again = published(['a'], 5)
    expect(kindsOf(historyOf([message('a')], [...handled('a', 0), again], [ended('a', 21)]))).toEqual([
      'accepted twice',
    ])
    const duplicate = { id: 'a', acceptedAt: t0 + 1, duplicate: true }
    const known = published(['a'], 5, { accepted: [duplicate] })
    expect(kindsOf(historyOf([message('a')], [...handled('a', 0), known], [ended('a', 21)]))).toEqual([])
    const conflict = published(['a'], 5, { accepted: [duplicate], conflicting: true })
    expect(kindsOf(historyOf([message('a')], [...handled('a', 0), conflict], [ended('a', 21)]))).toEqual([
      'conflict accepted',
    ])
  })

  it('comes as it was sent', () => {
    const operations = [
      published(['a'], 0),
      received([lease('a', 1, 500, { content: 'something else' })], 10),
      acknowledged('a.1', 20),
    ]
    expect(kindsOf(historyOf([message('a')], operations, [ended('a', 21)]))).toEqual(['changed'])
  })
})

describe('a lease', () => {
  const twice = (second: number, between: Operation[] = []) =>
    historyOf(
      [message('a')],
      [
        published(['a'], 0),
        received([lease('a', 1, 500)], 10),
        ...between,
        received([lease('a', 2, second + 500)], second),
        acknowledged('a.2', second + 20),
      ],
      [ended('a', second + 21, { attempts: 2 })],
    )

  it('keeps everybody else away until it ends', () => {
    expect(kindsOf(twice(300))).toEqual(['leased twice at once'])
    expect(kindsOf(twice(501))).toEqual([])
  })

  it('that may have been given back, or shortened, keeps nobody away', () => {
    const nack = (outcome: 'ok' | 'unknown'): SettleOp => {
      const settlement = { id: 'a', receipt: 'a.1', action: 'nack', leaseMs: 0, duplicate: false } as const
      const settlements = [outcome === 'ok' ? ({ ...settlement, result: 'retrying' } as const) : settlement]
      return { kind: 'settle', outcome, start: t0 + 50, end: t0 + 53, agent: 'bob', settlements }
    }
    expect(kindsOf(twice(300, [nack('ok')]))).toEqual([])
    expect(kindsOf(twice(300, [nack('unknown')]))).toEqual([])
    const settlement = { id: 'a', receipt: 'a.1', action: 'extend', leaseMs: 100, duplicate: false } as const
    const extended: SettleOp = { ...nack('unknown'), settlements: [settlement] }
    expect(kindsOf(twice(300, [extended]))).toEqual([])
  })

  describe('that a call has given back, or shortened, which says stale at its second try', () => {
    const settled = (action: 'nack' | 'extend' | 'ack', at: number, end: number, number = 1): SettleOp => {
      const settlement = { id: 'a', receipt: `a.${number}`, action, leaseMs: 100, duplicate: false } as const
      const settlements = [{ ...settlement, result: number === 1 ? ('stale' as const) : ('retrying' as const) }]
      return { kind: 'settle', outcome: 'ok', start: t0 + at, end: t0 + end, agent: 'bob', settlements }
    }

    it('keeps nobody away', () => {
      expect(kindsOf(twice(300, [settled('nack', 50, 330)]))).toEqual([])
      expect(kindsOf(twice(300, [settled('extend', 50, 330)]))).toEqual([])
    })

    it('keeps nobody away later either', () => {
      const leased = (number: number, at: number) => received([lease('a', number, at + 500)], at)
      const operations = [
        published(['a'], 0),
        leased(1, 10),
        leased(2, 100),
        settled('nack', 120, 123, 2),
        settled('nack', 50, 130),
        leased(3, 200),
        acknowledged('a.3', 220),
      ]
      const history = historyOf([message('a')], operations, [ended('a', 221, { attempts: 3 })])
      expect(kindsOf(history)).toEqual([])
    })

    it('keeps nobody away who had been waiting when it was given back', () => {
      const waiting = received([lease('a', 2, 555)], 5, { end: t0 + 55 })
      const operations = [
        published(['a'], 0),
        received([lease('a', 1, 500)], 10),
        waiting,
        settled('nack', 60, 63, 2),
        settled('nack', 48, 70),
        received([lease('a', 3, 700)], 200),
        acknowledged('a.3', 220),
      ]
      expect(kindsOf(historyOf([message('a')], operations, [ended('a', 221, { attempts: 3 })]))).toEqual([])
    })

    it('keeps others away until the call can no longer find what it did', () => {
      // over before anybody else had the message; while another one has it; and what ends it for good is never stale
      for (const call of [settled('nack', 50, 60), settled('extend', 50, 60), settled('ack', 50, 330)]) {
        expect(kindsOf(twice(300, [call]))).toEqual(['leased twice at once'])
      }
      expect(kindsOf(twice(100, [settled('nack', 90, 110)]))).toEqual(['leased twice at once'])
    })

    it('is over once it was called stale', () => {
      const extension = settled('extend', 50, 400)
      const operations = [published(['a'], 0), received([lease('a', 1, 100)], 10), extension, acknowledged('a.1', 600)]
      expect(kindsOf(historyOf([message('a')], operations, [ended('a', 601)]))).toEqual(['settled without its lease'])
    })
  })

  it('is the same in each answer to one call', () => {
    const first = received([lease('a', 1, 500)], 10)
    const repeated = received([lease('a', 1, 500)], 30, { request: first.request })
    const operations = [published(['a'], 0), first, repeated, acknowledged('a.1', 40)]
    expect(kindsOf(historyOf([message('a')], operations, [ended('a', 41)]))).toEqual([])
  })

  it('is needed to settle: a late acknowledgement is of no effect', () => {
    const late = (result: 'delivered' | 'stale') =>
      historyOf(
        [message('a')],
        [
          published(['a'], 0),
          received([lease('a', 1, 500)], 10),
          received([lease('a', 2, 1_500)], 900),
          acknowledged('a.1', 950, result),
          acknowledged('a.2', 960),
        ],
        [ended('a', 961, { attempts: 2 })],
      )
    expect(kindsOf(late('stale'))).toEqual([])
    expect(kindsOf(late('delivered'))).toEqual(['settled without its lease'])
  })

  it('is not given for what was acknowledged', () => {
    const operations = [...handled('a', 0), received([lease('a', 2, 2_000)], 1_000)]
    expect(kindsOf(historyOf([message('a')], operations, [ended('a', 21)]))).toEqual(['delivered again'])
  })

  it('is not given for more attempts than there may be, after the end of a life, or before a delay has ended', () => {
    const one = (given: Partial<Sent>, at: number, attempt = 1) => {
      const operations = [
        published(['a'], 0),
        received([lease('a', attempt, at + 500)], at),
        acknowledged(`a.${attempt}`, at + 20),
      ]
      return kindsOf(historyOf([message('a', given)], operations, [ended('a', at + 21, { attempts: attempt })]))
    }
    expect(one({ maxAttempts: 2 }, 10, 3)).toEqual(['too many attempts'])
    expect(one({ ttlMs: 100 }, 110)).toEqual(['handed over expired'])
    expect(one({ ttlMs: 100 }, 90)).toEqual([])
    expect(one({ delayMs: 100 }, 50)).toEqual(['handed over too early'])
    expect(one({ delayMs: 100 }, 101)).toEqual([])
  })
})

describe('order', () => {
  const pair = (first: Partial<Sent>, second: Partial<Sent>, given: { bAt?: number; filtered?: boolean } = {}) => {
    const { bAt = 20, filtered = false } = given
    const operations = [
      published(['a'], 0),
      published(['b'], bAt),
      received([lease('b', 1, 900)], 100, { filtered }),
      acknowledged('b.1', 110),
      received([lease('a', 1, 900)], 200),
      acknowledged('a.1', 210),
    ]
    return kindsOf(
      historyOf([message('a', first), message('b', second)], operations, [ended('a', 211), ended('b', 111)]),
    )
  }

  it('is that of acceptance, with each priority’s handicap', () => {
    expect(pair({}, {})).toEqual(['out of order'])
    expect(pair({}, { priority: 3 })).toEqual([])
    // 100 ms of handicap do not make up for 150
    expect(pair({}, { priority: 3 }, { bAt: -150 })).toEqual([])
    expect(pair({ priority: 3 }, {})).toEqual(['out of order'])
  })

  it('is not kept by who asks for some messages only, nor asked of what waits for its time', () => {
    expect(pair({}, {}, { filtered: true })).toEqual([])
    expect(pair({ delayMs: 120 }, {})).toEqual([])
  })

  it('is kept within one answer', () => {
    const answer = (...ids: string[]) => {
      const operations = [
        published(['a'], 0),
        published(['b'], 20),
        received(
          ids.map((id) => lease(id, 1, 900)),
          100,
        ),
        acknowledged('a.1', 110),
        acknowledged('b.1', 110),
      ]
      return kindsOf(historyOf([message('a'), message('b')], operations, [ended('a', 111), ended('b', 111)]))
    }
    expect(answer('a', 'b')).toEqual([])
    // two answers at the same time have no order between them
    const at = (id: string) => received([lease(id, 1, 900)], 100)
    const apart = [
      published(['a'], 0),
      published(['b'], 20),
      at('b'),
      at('a'),
      acknowledged('a.1', 110),
      acknowledged('b.1', 110),
    ]
    expect(kindsOf(historyOf([message('a'), message('b')], apart, [ended('a', 111), ended('b', 111)]))).toEqual([])
    expect(answer('b', 'a')).toEqual(['out of order'])
  })

  it('of one ordering key lets none go before the one in front of it has ended', () => {
    const keyed = { orderingKey: 'k' }
    expect(pair(keyed, keyed)).toEqual(['out of order'])
    expect(pair(keyed, { orderingKey: 'other' })).toEqual([])
  })
})

describe('what is told in the end', () => {
  const told = (given: Partial<Ending>, change: (history: History) => void = () => {}) => {
    const history = historyOf([message('a')], handled('a', 0), [ended('a', 21, given)])
    change(history)
    return kindsOf(history)
  }

  it('is what happened', () => {
    expect(told({ status: 'failed', attempts: 5 })).toEqual(['wrong status'])
    const nobody = [published(['a'], 0)]
    const ending = (given: Partial<Ending>) => kindsOf(historyOf([message('a')], nobody, [ended('a', 70_000, given)]))
    expect(ending({})).toEqual(['wrong status'])
    expect(ending({ status: 'failed', attempts: 1 })).toEqual(['wrong status'])
    expect(ending({ status: 'failed', attempts: 5 })).toEqual([])
    expect(ending({ status: 'expired' })).toEqual([])
    expect(ending({ status: 'expired', settledAt: t0 + 100 })).toEqual(['wrong status'])
    expect(ending({ status: 'discarded' })).toEqual(['wrong status'])
  })

  it('may be delivered when an acknowledgement has brought no answer', () => {
    const operations = [published(['a'], 0), received([lease('a', 1, 500)], 10), acknowledged('a.1', 20, undefined)]
    expect(kindsOf(historyOf([message('a')], operations, [ended('a', 21)]))).toEqual([])
  })

  it('is the same in Postgres, once', () => {
    expect(told({}, ({ quiet }) => quiet.rows.splice(0))).toEqual(['wrong history'])
    expect(told({}, ({ quiet }) => quiet.rows.push(...quiet.rows))).toEqual(['wrong history'])
    const [row] = historyOf([message('a')], [], [ended('a', 21)]).quiet.rows
    if (!row) throw new Error('there is a row')
    expect(told({}, ({ quiet }) => quiet.rows.splice(0, 1, { ...row, status: 'failed' }))).toEqual(['wrong history'])
    expect(told({}, ({ quiet }) => quiet.rows.splice(0, 1, { ...row, content: '{"content":"x"}' }))).toEqual([
      'wrong history',
    ])
  })

  it('adds up in every inbox, and no answer was a fault of the hive’s own', () => {
    expect(told({}, ({ quiet }) => quiet.broken.push('bob: a zset has a stranger'))).toEqual(['counters'])
    expect(told({}, (history) => history.unexpected.push('POST /v1/messages answered 500'))).toEqual([
      'unexpected answer',
    ])
  })
})
