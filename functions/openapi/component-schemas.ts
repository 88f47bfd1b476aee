import * as z from 'zod'
import { Address, AgentName } from '../../core/protocol/agent-name.ts'
import { AgentMessage } from '../../core/protocol/message.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { Status } from '../../core/protocol/status.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'
import { VisibleUrl } from '../../core/protocol/visible-url.ts'
import { AuditEntry } from '../answers/audit-logs.ts'
import { ConversationMessage } from '../answers/conversations.ts'
import { Counts, LeasedMessage, SettledReceipt } from '../answers/inbox.ts'
import { RecipientStatus } from '../answers/messages.ts'
import { Metric, MetricRollup } from '../answers/metrics.ts'
import { Problem, ProblemCode } from '../answers/problem.ts'
import { SecurityEvent } from '../answers/security-events.ts'
import { MetricPoint } from '../requests/metrics.ts'
import { answers, pathParameters, queries, requests } from '../schemas.ts'
import { toJsonSchemas } from './json-schemas.ts'

/** Parts of requests and of answers, alike in both. */
const parts = {
  Address: Address(),
  AgentName: AgentName(),
  Printable: Printable(),
  Timestamp: Timestamp(),
  VisibleUrl: VisibleUrl(),
}

/** `components.schemas`: every body, and the parts that bodies share or that deserve a name. */
export const componentSchemas = {
  ...toJsonSchemas('input', { ...parts, MetricPoint: MetricPoint(), ...requests }),
  ...toJsonSchemas('output', {
    ...parts,
    AgentMessage: AgentMessage(),
    AuditEntry,
    ConversationMessage,
    Counts,
    LeasedMessage,
    Metric,
    MetricRollup,
    Problem,
    ProblemCode,
    RecipientStatus,
    SecurityEvent,
    SettledReceipt,
    Status,
    ...answers,
  }),
}

/** Each query, and all path parameters together, as an object with a property for each parameter. */
export const parameterSchemas = toJsonSchemas('input', { ...parts, ...queries, path: z.object(pathParameters) })
