import type { Hive } from './hive.ts'

/** Where CloudWatch shows what is measured here; the one dimension is `stage`. */
export const namespace = 'AgentHive'

/** Everything that is measured, with its unit in CloudWatch. infra/alarms.ts and infra/dashboard.ts read it. */
export const measures = {
  /** From the request's arrival at the function to its answer. */
  PublishLatency: 'Milliseconds',
  MetricWriteLatency: 'Milliseconds',
  MessagesAccepted: 'Count',
  /** By push or by pull. */
  MessagesDelivered: 'Count',
  MessagesRetried: 'Count',
  MessagesFailed: 'Count',
  /** What was written to history: acceptances and ends. */
  EventsRecorded: 'Count',
  InboxesAudited: 'Count',
  /** Inboxes in which messages are missing or too many. */
  ConservationViolated: 'Count',
  /** Runs whose rows are not those of their sources. */
  MigrationVerifyFailed: 'Count',
  /** Runs of which a step got nowhere, however often it was begun again. */
  MigrationGivenUp: 'Count',
} as const
export type Measure = keyof typeof measures

/** A message as log lines name it: with these one is followed from publish to history. */
export type NamedMessage = { from_agent: string; message_id: string; to_agent?: string; correlation_id?: string }

const mostNamed = 100

/**
 * Logs what was done and measures it with the same line, in CloudWatch's embedded metric format: nothing is called and
 * nothing is waited for. The messages concerned are named in it unless the stage has `logMessages` off.
 */
export function measure(
  hive: Hive,
  message: string,
  values: { [name in Measure]?: number },
  { messages, ...extra }: { messages?: readonly NamedMessage[] } & Record<string, unknown> = {},
): void {
  const { config, clock, log } = hive
  const names = Object.keys(values) as Measure[]
  const emf = names.length > 0 && {
    Timestamp: clock.now(),
    CloudWatchMetrics: [
      {
        Namespace: namespace,
        Dimensions: [['stage']],
        Metrics: names.map((Name) => ({ Name, Unit: measures[Name] })),
      },
    ],
  }
  const named = config.logMessages && messages ? { messages: messages.slice(0, mostNamed).map(nameOf) } : {}
  log.info(message, { ...(emf ? { _aws: emf, stage: config.stage } : {}), ...values, ...extra, ...named })
}

function nameOf({ from_agent, message_id, to_agent, correlation_id }: NamedMessage): NamedMessage {
  return {
    from_agent,
    message_id,
    ...(to_agent === undefined ? {} : { to_agent }),
    ...(correlation_id === undefined ? {} : { correlation_id }),
  }
}
