import { moment, rest, sourceName } from '../draft.ts'
import type { KnownTable } from './known-table.ts'

/** Tables of the Python agent hive with one measurement a row. */
export const metricTables: KnownTable[] = [
  {
    name: 'metrics',
    columns: ['id', 'metric_name', 'value', 'timestamp'],
    because: 'monitoring: one measurement a row; no agent is named',
    draft: ({ path, table, agent }) => ({
      target: 'agent_metrics',
      columns: {
        agent_name: { rule: 'constant', value: agent },
        metric_type: { rule: 'copy', from: 'metric_name' },
        value: { rule: 'copy', from: 'value' },
        timestamp: moment(table, 'timestamp'),
        metadata: rest(table, ['metric_name', 'value', 'timestamp']),
        source_database: { rule: 'constant', value: sourceName(path) },
      },
    }),
  },
  {
    name: 'baseline_metrics',
    columns: ['id', 'metric_name', 'value', 'unit', 'timestamp', 'agent_id', 'session_id', 'metadata'],
    because: 'baselines: one measurement a row, of the agent in agent_id where there is one',
    draft: ({ path, table, agent }) => ({
      target: 'agent_metrics',
      columns: {
        agent_name: { rule: 'copy', from: 'agent_id', otherwise: agent },
        metric_type: { rule: 'copy', from: 'metric_name' },
        value: { rule: 'copy', from: 'value' },
        timestamp: moment(table, 'timestamp'),
        metadata: rest(table, ['metric_name', 'value', 'timestamp', 'agent_id'], ['metadata']),
        source_database: { rule: 'constant', value: sourceName(path) },
      },
    }),
  },
  {
    name: 'security_metrics',
    columns: ['metric_type', 'name', 'value', 'threshold', 'status', 'timestamp', 'details'],
    because: 'security metrics: name says what was measured; metric_type is its group and stays in metadata',
    draft: ({ path, table, agent }) => ({
      target: 'agent_metrics',
      columns: {
        agent_name: { rule: 'constant', value: agent },
        metric_type: { rule: 'copy', from: 'name' },
        value: { rule: 'copy', from: 'value' },
        timestamp: moment(table, 'timestamp'),
        metadata: rest(table, ['name', 'value', 'timestamp'], ['details']),
        source_database: { rule: 'constant', value: sourceName(path) },
      },
    }),
  },
  {
    name: 'security_performance_metrics',
    columns: ['metric_type', 'value', 'timestamp', 'target_value', 'threshold_warning', 'threshold_critical', 'unit'],
    because: 'security performance: one measurement a row, with its thresholds in metadata',
    draft: ({ path, table, agent }) => ({
      target: 'agent_metrics',
      columns: {
        agent_name: { rule: 'constant', value: agent },
        metric_type: { rule: 'copy', from: 'metric_type' },
        value: { rule: 'copy', from: 'value' },
        timestamp: moment(table, 'timestamp'),
        metadata: rest(table, ['metric_type', 'value', 'timestamp']),
        source_database: { rule: 'constant', value: sourceName(path) },
      },
    }),
  },
]
