import * as z from 'zod'
import { PublishInput } from '../core/protocol/message.ts'
import { Agent, AgentPage, Heartbeat } from './answers/agents.ts'
import { DeadLetter, DeadLetterPage, Discarded, Redriven } from './answers/dead-letters.ts'
import { Health } from './answers/health.ts'
import { Inbox, Received, Settled } from './answers/inbox.ts'
import { Key, KeyPage, NewKey, RotatedKey } from './answers/keys.ts'
import { MessageStatus, Published, PublishedBatch } from './answers/messages.ts'
import { MetricPage, MetricRollups, MetricsWritten } from './answers/metrics.ts'
import { RebuiltProjection } from './answers/projection.ts'
import { ChangeAgent, RegisterAgent, RotateSigningSecret } from './requests/agents.ts'
import { SelectDeadLetters } from './requests/dead-letters.ts'
import { Receive, Settle } from './requests/inbox.ts'
import { CreateKey, RotateKey } from './requests/keys.ts'
import { PublishBatch } from './requests/messages.ts'
import { MetricPoint, MetricPoints } from './requests/metrics.ts'
import { RebuildProjection } from './requests/projection.ts'
import type { Route } from './routes.ts'

/** The schema of each body that the route table names. For documents and tests: no function loads them all. */
export const requests: Record<NonNullable<Route['request']>, z.ZodType> = {
  AgentMessage: PublishInput,
  ChangeAgent,
  CreateKey,
  PublishBatch,
  RebuildProjection,
  Receive,
  RegisterAgent,
  RotateKey,
  RotateSigningSecret,
  SelectDeadLetters,
  Settle,
  WriteMetrics: z.union([MetricPoints, MetricPoint]),
}

/** The schema of each answer that the route table names. */
export const answers: Record<Route['answer'], z.ZodType> = {
  Agent,
  AgentPage,
  DeadLetter,
  DeadLetterPage,
  Discarded,
  Health,
  Heartbeat,
  Inbox,
  Key,
  KeyPage,
  MessageStatus,
  MetricPage,
  MetricRollups,
  MetricsWritten,
  NewKey,
  Published,
  PublishedBatch,
  RebuiltProjection,
  Received,
  Redriven,
  RotatedKey,
  Settled,
}
