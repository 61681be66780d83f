SELECT engine_id AS "engineId", boots::float8 AS boots FROM snmp_engine
