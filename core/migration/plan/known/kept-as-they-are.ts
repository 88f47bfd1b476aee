import type { KnownTable } from './known-table.ts'

/** Tables of the Python agent hive that have no counterpart in the hive. */
export const keptTables: KnownTable[] = [
  {
    name: 'agent_specializations',
    columns: ['agent_name', 'specialization', 'confidence_level'],
    because: 'a specialization is not a capability that messages can be routed by: its names overlap with those',
  },
  {
    name: 'agent_availability',
    columns: ['agent_name', 'status', 'current_task', 'workload_level'],
    because: 'a state of that time: the bus knows who is there by heartbeats',
  },
  {
    name: 'performance_baselines',
    columns: ['baseline_data', 'timestamp', 'version'],
    because: 'a whole baseline as one document, not a measurement',
  },
  {
    name: 'audit_integrity',
    columns: ['check_timestamp', 'start_sequence', 'end_sequence', 'hash_chain_valid'],
    because: 'checks of the audit chain, not actions of anybody',
  },
  { name: 'audit_config', columns: ['key', 'value', 'updated_at'], because: 'settings' },
  {
    name: 'predictions',
    columns: ['prediction_id', 'prediction_type', 'predicted_value', 'actual_value'],
    because: 'predictions are not measurements: among metrics they would change averages',
  },
  {
    name: 'resource_forecasts',
    columns: ['forecast_id', 'resource_type', 'current_usage', 'predicted_usage'],
    because: 'forecasts are not measurements: among metrics they would change averages',
  },
  ...[
    ['learning_sessions', 'session_id', 'model_type', 'initial_performance'],
    ['feedback_data', 'feedback_id', 'session_id', 'feedback_type'],
    ['model_adaptations', 'adaptation_id', 'session_id', 'adaptation_type'],
    ['performance_history', 'history_id', 'session_id', 'performance_metric'],
    ['workflow_patterns', 'pattern_id', 'workflow_type', 'feature_hash'],
    ['workflow_executions', 'execution_id', 'workflow_type', 'features'],
  ].map(([name = '', ...columns]) => ({ name, columns, because: 'the state of a learning component' })),
]
