import { expect, it } from 'vitest'
import type { MessageStatus } from '../../../core/bus/message-status.ts'
import { describeStatus } from './status.ts'

type Recipient = MessageStatus['recipients'][number]

const whyOf = (recipient: Partial<Recipient>) => {
  const whole = {
    ...{ agent: 'bob', status: 'pending', state: 'delayed', attempts: 1, max_attempts: 5 },
    ...{ accepted_at: '2026-03-01T12:00:00.000Z', expires_at: '2026-03-01T13:00:00.000Z' },
    ...recipient,
  } as Recipient
  const lines = describeStatus({ message_id: 'm', from_agent: 'ann', recipients: [whole] }).split('\n')
  return lines.at(-1)?.split('2026-03-01T13:00:00.000Z').at(-1)?.trim()
}

it('says of a message that is tried again when, and what the last attempt ended with', () => {
  const waiting = { because: 'it is tried again', until: '2026-03-01T12:00:30.000Z' }
  expect(whyOf({ waiting, reason: 'disk is full' })).toBe(
    'it is tried again, until 2026-03-01T12:00:30.000Z; last attempt: disk is full',
  )
  expect(whyOf({ waiting })).toBe('it is tried again, until 2026-03-01T12:00:30.000Z')
})

it('says of a message that has ended what it ended with', () => {
  expect(whyOf({ status: 'failed', state: 'dead', reason: 'disk is full' })).toBe('disk is full')
})
