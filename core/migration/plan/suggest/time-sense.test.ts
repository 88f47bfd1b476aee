import { expect, it } from 'vitest'
import { timeSense } from './time-sense.ts'

it.each([
  ['timestamp', 'stamp'],
  ['TIMESTAMP', 'stamp'],
  ['TimeStamp', 'stamp'],
  ['ts', 'stamp'],
  ['ts_ns', 'stamp'],
  ['utc_timestamp', 'stamp'],
  ['timestamp_ms', 'stamp'],
  ['event_time', 'event'],
  ['EventTime', 'event'],
  ['eventtime', 'event'],
  ['occurred_at', 'event'],
  ['performed_at', 'deed'],
  ['detectedAt', 'deed'],
  ['raised_at', 'deed'],
  ['sampled', 'deed'],
  ['sent_on', 'deed'],
  ['message_date', 'deed'],
  ['logged_on', 'note'],
  ['recorded_at', 'note'],
  ['event_recorded_at', 'note'],
  ['sample_collected_at', 'note'],
  ['received_timestamp', 'note'],
  ['time', 'plain'],
  ['at', 'plain'],
  ['when', 'plain'],
  ['date', 'plain'],
  ['created_at', 'created'],
  ['createdat', 'created'],
  ['CreationDate', 'created'],
  ['event_created_at', 'created'],
  ['inserted_at', 'stored'],
  ['flagged_at', 'done'],
  ['trade_timestamp', 'done'],
  ['start_time', 'begun'],
  ['updated_at', 'changed'],
  ['last_updated', 'changed'],
  ['lastModified', 'changed'],
  ['edited_at', 'changed'],
])('%s says %s', (name, sense) => {
  expect(timeSense(name, 'things', false)).toBe(sense)
})

it.each(
  `expires_at password_expires_at expiry_timestamp valid_date valid_until due_date scheduled_at planned_start next_run_at
   last_login_at last_seen lastSeen previous_timestamp resolved_date resolved_at closed_on acknowledged_at birth_date birthdate
   date_of_birth end_time ended_at finished_at completed_at deleted_at revoked_at granted_at delivered_at read_at effective_date
   deadline thread_ts parent_ts status_changed_at predicted_time send_at publish_at run_at hire_date order_date uptime runtime response_time
   time_ms elapsed_seconds time_zone`.split(/\s+/),
)('%s does not say when the thing of its row happened', (name) => {
  expect(timeSense(name, 'things', false)).toBeUndefined()
})

it.each(
  `execution_time response_time cpu_time gc_time total_time run_time wait_time idle_time processing_time elapsed_time up_time
   event_processing_time latency duration duration_ms latency_ns time_ns thing_time`.split(/\s+/),
)('%s of numbers may be a duration', (name) => {
  expect(timeSense(name, 'things', true)).toBeUndefined()
})

it.each(['time', 'detection_time', 'sample_time', 'collection_time', 'audit_time'])(
  '%s of numbers may be how long it took',
  (name) => {
    expect(timeSense(name, 'things', true)).toBe('vague')
    expect(timeSense(name, 'things', false)).not.toBe('vague')
  },
)

it('is that of what a table is called, where no number may be a duration', () => {
  expect(timeSense('violation_date', 'violations', true)).toBe('deed')
  expect(timeSense('violation_time', 'violations', false)).toBe('deed')
  expect(timeSense('violation_time', 'others', false)).toBeUndefined()
})
