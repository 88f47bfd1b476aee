import * as z from 'zod'
import { PublishInput } from '../core/protocol/publish-input.ts'
import { Agent, AgentPage, Heartbeat } from './answers/agents.ts'
import { AuditPage } from './answers/audit-logs.ts'
import { Capability, CapabilityPage, CapabilityWithdrawn } from './answers/capabilities.ts'
import { ConversationPage } from './answers/conversations.ts'
import { DeadLetter, DeadLetterPage, Discarded, Redriven } from './answers/dead-letters.ts'
import { Health } from './answers/health.ts'
import { Inbox, Received, Settled } from './answers/inbox.ts'
import { Key, KeyPage, NewKey, RotatedKey } from './answers/keys.ts'
import { MessageStatus, Published, PublishedBatch } from './answers/messages.ts'
import { MetricPage, MetricRollups, MetricsWritten } from './answers/metrics.ts'
import {
  Migration,
  MigrationPage,
  MigrationRejectPage,
  MigrationTablePage,
  MigrationUpload,
} from './answers/migrations.ts'
import { OpenApiDocument } from './answers/openapi.ts'
import { RebuiltProjection } from './answers/projection.ts'
import { SecurityEventPage } from './answers/security-events.ts'
import { Subscription, SubscriptionPage, TopicPage, Unsubscribed } from './answers/topics.ts'
import { AgentPath, ChangeAgent, RegisterAgent, RotateSigningSecret } from './requests/agents.ts'
import { AuditQuery } from './requests/audit-logs.ts'
import { CapabilityPath, CapabilityQuery, DeclareCapability } from './requests/capabilities.ts'
import { ConversationPath, ConversationQuery } from './requests/conversations.ts'
import { DeadLetterPath, SelectDeadLetters } from './requests/dead-letters.ts'
import { Receive, Settle } from './requests/inbox.ts'
import { CreateKey, KeyPath, KeyQuery, RotateKey } from './requests/keys.ts'
import { MessagePath, PublishBatch, SenderQuery } from './requests/messages.ts'
import { MetricPoint, MetricPoints, MetricQuery, RollupQuery } from './requests/metrics.ts'
import { CreateUpload, MigrationPath, StartMigration } from './requests/migrations.ts'
import { PageQuery } from './requests/paging.ts'
import { RebuildProjection } from './requests/projection.ts'
import { SecurityEventQuery } from './requests/security-events.ts'
import { Subscribe, TopicPath } from './requests/topics.ts'
import type { PathParameter, Route } from './routes.ts'

/** The schema of each body that the route table names. For the document and for tests: no other function loads them all. */
export const requests: Record<NonNullable<Route['request']>, z.core.$ZodType> = {
  ChangeAgent: ChangeAgent(),
  CreateKey: CreateKey(),
  CreateUpload: CreateUpload(),
  DeclareCapability: DeclareCapability(),
  NewMessage: PublishInput,
  PublishBatch: PublishBatch(),
  RebuildProjection: RebuildProjection(),
  Receive: Receive(),
  RegisterAgent: RegisterAgent(),
  RotateKey: RotateKey(),
  RotateSigningSecret: RotateSigningSecret(),
  SelectDeadLetters: SelectDeadLetters(),
  Settle: Settle(),
  StartMigration: StartMigration(),
  Subscribe: Subscribe(),
  WriteMetrics: z.union([MetricPoints(), MetricPoint()]).describe('Many points, or one bare: all are written or none.'),
}

/** The schema of each query that the route table names. */
export const queries: Record<NonNullable<Route['query']>, z.core.$ZodObject> = {
  KeyQuery: KeyQuery(),
  AuditQuery: AuditQuery(),
  CapabilityQuery: CapabilityQuery(),
  ConversationQuery: ConversationQuery(),
  MetricQuery: MetricQuery(),
  PageQuery: PageQuery(),
  RollupQuery: RollupQuery(),
  SecurityEventQuery: SecurityEventQuery(),
  SenderQuery: SenderQuery(),
}

/** The schema of each parameter that stands in a path. */
export const pathParameters: Record<PathParameter, z.core.$ZodType> = {
  agent: AgentPath().shape.agent,
  capability: CapabilityPath().shape.capability,
  conversation_id: ConversationPath().shape.conversation_id,
  dead_letter_id: DeadLetterPath().shape.dead_letter_id,
  key_id: KeyPath().shape.key_id,
  message_id: MessagePath().shape.message_id,
  migration_id: MigrationPath().shape.migration_id,
  topic: TopicPath().shape.topic,
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
  Heartbeat,
  Inbox,
  Key,
  KeyPage,
  MessageStatus,
  MetricPage,
  MetricRollups,
  MetricsWritten,
  Migration,
  MigrationPage,
  MigrationRejectPage,
  MigrationTablePage,
  MigrationUpload,
  NewKey,
  OpenApiDocument,
  Published,
  PublishedBatch,
  RebuiltProjection,
  Received,
  Redriven,
  RotatedKey,
  SecurityEventPage,
  Settled,
  Subscription,
  SubscriptionPage,
  TopicPage,
  Unsubscribed,
}
