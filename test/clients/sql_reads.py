"""What python-tds sees of a SQL server of the sandbox: a read with parameters, an error, a transaction undone."""
import json
import sys

import pytds

given = json.load(sys.stdin)
# This version of python-tds compares the host with certificates of a single name only; the authority is checked.
connection = pytds.connect(
    dsn="localhost", port=given["port"], database="orders", user=given["user"], password=given["password"],
    cafile=given["caFile"], validate_host=False, autocommit=True,
)
cursor = connection.cursor()
seen = {}
cursor.execute("SELECT name, type, sid FROM sys.database_principals WHERE name = %s AND principal_id > %s", ("Reader", 4))
seen["users"] = [[name, kind, sid.hex()] for name, kind, sid in cursor.fetchall()]
try:
    cursor.execute("DROP USER nobody")
except pytds.Error as error:
    seen["error"] = [error.number, str(error)]
connection.autocommit = False
cursor.execute("CREATE USER python WITHOUT LOGIN")
cursor.execute("SELECT COUNT(*) FROM sys.database_principals WHERE name = 'python'")
seen["inside"] = cursor.fetchone()[0]
connection.rollback()
cursor.execute("SELECT COUNT(*) FROM sys.database_principals WHERE name = 'python'")
seen["undone"] = cursor.fetchone()[0]
cursor.execute("SELECT id, customer FROM sales.orders ORDER BY id")
seen["rows"] = [list(row) for row in cursor.fetchall()]
try:
    pytds.connect(dsn="localhost", port=given["port"], database="orders", user=given["user"], password="wrong",
                  cafile=given["caFile"], validate_host=False)
except pytds.Error as error:
    seen["wrongPassword"] = str(error)
json.dump(seen, sys.stdout)
