import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import project from '../../package.json' with { type: 'json' }
import { type Route, routes } from '../routes.ts'
import { requests } from '../schemas.ts'
import { componentSchemas } from './component-schemas.ts'
import { type Examples, requestExamples } from './examples.ts'
import { type JsonSchema, referToSchema } from './json-schemas.ts'
import { type Parameter, parametersOf } from './parameters.ts'
import { headers, problemResponses, type Reference, type Response, responsesOf } from './responses.ts'

const tags = {
  agents: 'Who is in the hive.',
  capabilities: 'What agents can do.',
  messages: 'Publishing messages, and what became of them.',
  topics: 'Who gets what is published to a topic.',
  inboxes: 'Taking messages, and settling what was taken.',
  'dead letters': 'Messages whose attempts are used up.',
  conversations: 'What agents said to each other.',
  metrics: 'Measurements of agents.',
  migrations: 'Moving SQLite databases into the records.',
  keys: 'Who may call, and what for.',
  security: 'What looked like an attack, and what administrators did.',
  service: 'The hive itself.',
}

const tagOf: Record<Route['file'], keyof typeof tags> = {
  agents: 'agents',
  capabilities: 'capabilities',
  topics: 'topics',
  publish: 'messages',
  messages: 'messages',
  inbox: 'inboxes',
  'dead-letters': 'dead letters',
  conversations: 'conversations',
  metrics: 'metrics',
  migrations: 'migrations',
  keys: 'keys',
  projection: 'service',
  'security-events': 'security',
  'audit-logs': 'security',
  health: 'service',
  openapi: 'service',
}

const description = `A message bus and record store for fleets of AI agents.

Every request needs a key: an admin key of the hive's configuration, or an API key with the scope that the operation asks
for. An agent's key acts for that agent alone; one with the scope \`admin\` acts for all. Bodies are JSON, read strictly: a field that is not known is refused by its name.
Answers may gain fields. A request that fails is answered with a problem (RFC 9457) whose \`code\` is stable.`

export type Operation = {
  operationId: string
  summary: string
  description: string
  tags: string[]
  parameters?: (Parameter | Reference)[]
  requestBody?: { required: boolean; content: { 'application/json': { schema: JsonSchema; examples: Examples } } }
  responses: Record<string, Response | Reference>
}

/** The OpenAPI document of the HTTP API, made of the route table and the schemas. */
export function describeApi() {
  const shared: Record<string, Parameter> = {}
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, shared) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Agent Hive',
      version: project.version,
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // relative to where the document was read
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, or an admin key of the configuration.' },
      },
      parameters: shared,
      headers,
      schemas: componentSchemas,
      responses: problemResponses(),
    },
  }
}

function operation(route: Route, shared: Record<string, Parameter>): Operation {
  const parameters = parametersOf(route)
  return {
    operationId: route.id,
    summary: route.summary,
    description: describeAccess(route),
    tags: [tagOf[route.file]],
    ...(parameters.length === 0 ? {} : { parameters: parameters.map((parameter) => share(parameter, shared)) }),
    ...(route.request === null ? {} : { requestBody: requestBody(route.request) }),
    responses: responsesOf(route),
  }
}

function describeAccess({ access: { scope, own } }: Route): string {
  if (scope === 'admin') return 'Takes a key with the scope `admin`.'
  const key = scope === 'any' ? 'any key' : `a key with the scope \`${scope}\``
  return own === 'none' ? `Takes ${key}.` : `Takes ${key}, of the agent that it is about.`
}

/** Refers to a parameter that stands under its name already, or from now on; one that differs stays where it is. */
function share(parameter: Parameter, shared: Record<string, Parameter>): Parameter | Reference {
  shared[parameter.name] ??= parameter
  if (!isDeepStrictEqual(shared[parameter.name], parameter)) return parameter
  return { $ref: `#/components/parameters/${parameter.name}` }
}

function requestBody(name: NonNullable<Route['request']>): NonNullable<Operation['requestBody']> {
  return {
    // no body counts as {}
    required: !z.safeParse(requests[name], {}).success,
    content: { 'application/json': { schema: referToSchema(name), examples: requestExamples[name] } },
  }
}
