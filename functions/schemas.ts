import * as z from 'zod'
import { PublishInput } from '../core/protocol/message.ts'
import { Agent, AgentPage } from './answers/agents.ts'
import { AuditPage } from './answers/audit-logs.ts'
import { Capability, CapabilityPage, CapabilityWithdrawn } from './answers/capabilities.ts'
import { ConversationPage } from './answers/conversations.ts'
import { DeadLetter, DeadLetterPage, Discarded, Redriven } from './answers/dead-letters.ts'
import { Health } from './answers/health.ts'
import { Inbox, Received, Settled } from './answers/inbox.ts'
import { MessageStatus, Published, PublishedBatch } from './answers/messages.ts'
import { MetricPage, MetricRollups, MetricsWritten } from './answers/metrics.ts'
import { SecurityEventPage } from './answers/security-events.ts'
import { ChangeAgent, RegisterAgent } from './requests/agents.ts'
import { DeclareCapability } from './requests/capabilities.ts'
import { SelectDeadLetters } from './requests/dead-letters.ts'
import { Receive, Settle } from './requests/inbox.ts'
import { PublishBatch } from './requests/messages.ts'
import { MetricPoint, MetricPoints } from './requests/metrics.ts'
import type { Route } from './routes.ts'

/** The schema of each body that the route table names. For documents and tests: no function loads them all. */
export const requests: Record<NonNullable<Route['request']>, z.ZodType> = {
  AgentMessage: PublishInput,
  ChangeAgent,
  DeclareCapability,
  PublishBatch,
  Receive,
  RegisterAgent,
  SelectDeadLetters,
  Settle,
  WriteMetrics: z.union([MetricPoints, MetricPoint]),
}

/** The schema of each answer that the route table names. */
export const answers: Record<Route['answer'], z.ZodType> = {
  Agent,
  AgentPage,
  AuditPage,
  Capability,
  CapabilityPage,
  CapabilityWithdrawn,
  ConversationPage,
  DeadLetter,
  DeadLetterPage,
  Discarded,
  Health,
  Inbox,
  MessageStatus,
  MetricPage,
  MetricRollups,
  MetricsWritten,
  Published,
  PublishedBatch,
  Received,
  Redriven,
  SecurityEventPage,
  Settled,
}
