package io.lakeloop.jobs

import io.lakeloop.config.UserError
import io.lakeloop.table.ReadOnlySql
import java.io.{ByteArrayOutputStream, OutputStream}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.Files
import org.apache.spark.sql.catalyst.FunctionIdentifier
import scala.util.Try

/** SQL reads the lake's tables and does nothing else, whoever wrote it. */
class SqlSpec extends LoopSpec {
  private val lake = new TestLake()
  private val file = write(
    temporary(),
    "logs.jsonl",
    """{"conversation_id":"c1","user_id":"u1","created_at":"2026-01-02T10:00:00Z",""" +
      """"prompt":"Where is it?","completion":"On its way.","consent":true}"""
  )
  lake.submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0
  lake.submit("clean-logs", "c1") shouldBe 0
  private val sql = new ReadOnlySql(lake.lake)
  private val database = sql.rows("SELECT current_database()").first().getString(0)
  private val runs = lake.root.resolve("tables").resolve("runs")

  private def refused(query: String): String = withClue(query) {
    val error = intercept[UserError](sql.rows(query).collect())
    error.getMessage should startWith("Cannot answer the query: ")
    error.getMessage.linesIterator should have size 1
    error.getMessage
  }

  private def printed(query: String, format: String): String = {
    val out = new ByteArrayOutputStream()
    new ResultPrinter(out, format).print(sql.rows(query))
    out.toString(UTF_8)
  }

  describe("the guard") {
    it("answers queries of every shape, and commands that only tell") {
      Seq(
        "SELECT count(*) FROM runs",
        "/* a comment */ SELECT status, count(*) AS n FROM runs GROUP BY ALL HAVING n > 0 ORDER BY n LIMIT 3 OFFSET 0",
        "WITH x AS (SELECT run_id FROM runs) SELECT * FROM x JOIN lineage USING (run_id)",
        "FROM runs SELECT job",
        "TABLE runs",
        "VALUES (1, 'a'), (2, 'b')",
        s"SELECT job FROM spark_catalog.$database.runs UNION SELECT job FROM $database.runs",
        "SELECT * FROM runs VERSION AS OF 0",
        "SELECT job FROM runs r WHERE EXISTS (SELECT 1 FROM lineage l WHERE l.run_id = r.run_id) AND run_id IN (SELECT run_id FROM interactions)",
        "SELECT run_id, explode(flatten(array(sequence(1, 3)))) FROM runs",
        "SELECT * FROM interactions LATERAL VIEW explode(pii_types) t AS kind",
        "SELECT * FROM (SELECT job, status FROM runs) PIVOT (count(1) FOR status IN ('SUCCEEDED'))",
        "SELECT * FROM (SELECT rows_read, rows_written FROM runs) UNPIVOT (n FOR what IN (rows_read, rows_written))",
        "SELECT job, row_number() OVER w FROM runs WINDOW w AS (PARTITION BY job ORDER BY started_at)",
        "SELECT /*+ BROADCAST(r) */ * FROM runs TABLESAMPLE (50 PERCENT) r",
        "SELECT * FROM runs, LATERAL (SELECT runs.job AS again)",
        "SELECT * FROM range(3)",
        "SELECT transform(array(1, 2), x -> x + 1)",
        "SELECT job FROM runs EXCEPT SELECT 'x' INTERSECT SELECT 'y'",
        "SHOW TABLES",
        "SHOW COLUMNS IN runs",
        "SHOW TBLPROPERTIES runs",
        "DESCRIBE TABLE EXTENDED runs",
        "DESCRIBE HISTORY runs",
        "DESCRIBE DETAIL runs",
        "DESCRIBE runs job",
        "DESCRIBE QUERY SELECT 1",
        "DESCRIBE FUNCTION transform",
        "EXPLAIN SELECT * FROM runs",
        "SET spark.sql.ansi.enabled = false",
        "SET TIME ZONE 'UTC'"
      ).flatMap(query =>
        Try(sql.rows(query).collect()).failed.toOption.map(query -> _)
      ) shouldBe Nil
    }

    it("refuses all that writes, however it is dressed") {
      val before = Files.list(runs.resolve("_delta_log")).count()
      Seq(
        "/**/DELETE FROM runs WHERE true",
        "WITH x AS (SELECT 1) UPDATE runs SET status = 'FAILED'",
        "WITH x AS (SELECT 1) INSERT INTO runs SELECT * FROM runs",
        "FROM runs INSERT INTO lineage SELECT run_id, 'read', 'table', job, null, null, null",
        "INSERT OVERWRITE DIRECTORY '/tmp/lakeloop-out' USING csv SELECT 1",
        "CREATE OR REPLACE TABLE runs AS SELECT 1 AS x",
        "CREATE TABLE other USING csv LOCATION '/etc' ",
        "CREATE TEMPORARY VIEW v USING text OPTIONS (path '/etc/passwd')",
        "CREATE OR REPLACE TEMPORARY VIEW runs AS SELECT 1",
        "CREATE TEMPORARY FUNCTION f AS 'java.lang.Runtime'",
        "DROP TABLE runs",
        "DROP VIEW retention_impact",
        "ALTER TABLE runs ADD COLUMN x int",
        "ALTER TABLE runs SET TBLPROPERTIES ('a' = 'b')",
        "TRUNCATE TABLE runs",
        "MERGE INTO runs USING lineage ON runs.run_id = lineage.run_id WHEN MATCHED THEN DELETE",
        "RESTORE TABLE runs TO VERSION AS OF 0",
        "VACUUM runs",
        "OPTIMIZE runs",
        s"CONVERT TO DELTA parquet.`$runs`",
        "CACHE TABLE runs",
        "CLEAR CACHE",
        "REFRESH TABLE runs",
        "ANALYZE TABLE runs COMPUTE STATISTICS",
        "ADD JAR '/tmp/x.jar'",
        "LIST FILES",
        "LOAD DATA INPATH '/tmp/x' INTO TABLE runs",
        "USE default",
        "SET",
        "SET spark.sql.runSQLOnFiles = true",
        "SET spark.databricks.delta.retentionDurationCheck.enabled = false",
        "RESET",
        "EXPLAIN DELETE FROM runs",
        "SELECT 1; DROP TABLE runs"
      ).foreach(refused)
      Files.list(runs.resolve("_delta_log")).count() shouldBe before
      sql.rows("SELECT * FROM runs").count() shouldBe 2
    }

    it("keeps lakes apart that one process queries") {
      val other = new TestLake()
      other.submit("ingest-logs", "elsewhere", "path" -> file.toString) shouldBe 0
      val sqlOfOther = new ReadOnlySql(other.lake)
      def runIds(of: ReadOnlySql) =
        of.rows("SELECT run_id FROM runs").collect().map(_.getString(0)).toSet
      runIds(sqlOfOther) shouldBe Set("elsewhere")
      runIds(sql) shouldBe Set("i1", "c1")
      refused(
        s"SELECT * FROM ${sqlOfOther.rows("SELECT current_database()").first().getString(0)}.runs"
      )
      intercept[UserError](sqlOfOther.rows("SELECT * FROM interactions")).getMessage should
        include("cannot be found")
    }

    it("opens no path and runs no code of the JVM's") {
      Seq(
        s"SELECT * FROM text.`$file`",
        s"SELECT * FROM delta.`$runs`",
        s"SELECT * FROM `delta`.`$runs` VERSION AS OF 0",
        s"SELECT * FROM json.`$file` WHERE 1 = 0",
        s"SELECT 1 WHERE EXISTS (SELECT * FROM binaryFile.`$file`)",
        s"WITH x AS (SELECT (SELECT max(value) FROM text.`$file`) AS y) SELECT * FROM x",
        s"EXPLAIN SELECT * FROM text.`$file`",
        s"DESCRIBE QUERY SELECT * FROM text.`$file`",
        s"DESCRIBE HISTORY '$runs'",
        s"DESCRIBE DETAIL delta.`$runs`",
        s"DESCRIBE TABLE delta.`$runs`",
        s"SHOW CREATE TABLE delta.`$runs`",
        "SELECT * FROM global_temp.x",
        "SELECT java_method('java.lang.System', 'getenv', 'HOME')",
        "SELECT Reflect('java.lang.System', 'getenv', 'HOME')",
        "SELECT * FROM runs WHERE `reflect`('java.lang.System', 'getenv', 'HOME') = ''",
        "SELECT job FROM runs ORDER BY reflect('java.lang.System', 'lineSeparator')",
        "SELECT transform(array(1), x -> reflect('java.lang.System', 'lineSeparator'))",
        "SELECT sum(1) OVER (PARTITION BY reflect('java.lang.System', 'lineSeparator'))",
        "SELECT * FROM runs TIMESTAMP AS OF reflect('java.lang.System', 'lineSeparator')",
        "SELECT IDENTIFIER('reflect')('java.lang.System', 'lineSeparator')",
        s"SELECT * FROM IDENTIFIER('text.`$file`')",
        s"SELECT * FROM table_changes('runs', 0)",
        s"SELECT * FROM table_changes_by_path('$runs', 0)",
        "SELECT TRANSFORM(job) USING 'cat' AS (x) FROM runs",
        "FROM runs SELECT TRANSFORM(job) USING 'cat' AS (x)",
        "SELECT input_file_name() FROM runs",
        "SELECT xpath_string('<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>', 'a')"
      ).foreach(refused)
      // A variable of the environment is no part of a query.
      refused("SELECT '${env:HOME}' AS home, nowhere")
      sql.rows("SELECT '${env:HOME}' AS home").first().getString(0) shouldBe "${env:HOME}"
    }

    it("knows of no function that reaches beyond the tables but those refused") {
      val registry = SharedSpark.session.sessionState.functionRegistry
      val reaching = registry
        .listFunction()
        .flatMap(registry.lookupFunction(_: FunctionIdentifier))
        .filter(info =>
          "(?i)reflection|\\bfiles?\\b|\\bjar\\b|xml|python".r
            .findFirstIn(info.getClassName + " " + info.getUsage)
            .isDefined
        )
        .map(_.getName)
      reaching should contain allOf ("reflect", "java_method", "input_file_name", "xpath")
      reaching.foreach(name =>
        refused(s"SELECT $name('a', 'b')") should include("reaches beyond the tables")
      )
    }

    it("tells in one line what went wrong while it computed") {
      val failure = intercept[Exception](
        sql.rows("SELECT raise_error('no such day') FROM runs").collect()
      )
      ReadOnlySql.failure(failure).get.getMessage should startWith(
        "Cannot answer the query: "
      )
      Seq(
        "SET TIME ZONE 'Mars'",
        "SET spark.sql.shuffle.partitions = abc",
        "SELECT 'a' RLIKE '('",
        "SELECT from_utc_timestamp(now(), 'nowhere') FROM runs",
        "SELECT to_json(struct(1 a), map('timeZone', 'nowhere')) FROM runs",
        "SELECT decode(x'ff', 'nocharset')",
        "SELECT from_csv('1', 'a int', map('encoding', 'nope'))",
        "SELECT timestamp_seconds(9223372036854775807)",
        "SELECT make_dt_interval(2147483647, 2147483647)",
        "SELECT regexp_replace('a', '(a)', '$9')",
        "SELECT hll_sketch_estimate(x'00ff')",
        "SELECT schema_of_json('{\"a\":')",
        "SELECT raise_error(cast(null as string))"
      )
        .foreach { query =>
          val wrong = intercept[Exception](sql.rows(query).collect())
          withClue(query)(ReadOnlySql.failure(wrong).orElse(null) should not be null)
        }
      val deep = intercept[Throwable](sql.rows("SELECT " + "1 + (" * 5000 + "1" + ")" * 5000))
      ReadOnlySql.failure(deep).get.getMessage should include("nested too deeply")
      val own = new IllegalStateException("no day")
      own.setStackTrace(
        Array(
          new StackTraceElement("java.util.List", "get", null, 1),
          new StackTraceElement(classOf[ReadOnlySql].getName, "rows", null, 1)
        )
      )
      ReadOnlySql.failure(own).orElse(null) shouldBe null
    }
  }

  describe("what is printed") {
    it("keeps control characters from the terminal") {
      val escape = "SELECT 'a\\u001b[31mred\\u0007\\u202e' AS `c\u001b]0;title`"
      val table = printed(escape, "table")
      table should not include "\u001b"
      table should not include "\u202e"
      table should include("a\\u001b[31mred\\u0007\\u202e")
      table should include("c\\u001b]0;title")
      printed(escape, "csv") should include("\u001b[31m")
    }

    it("is the same rows in each format, cut in tables alone") {
      val query = "SELECT id, repeat('x', 100) AS long FROM range(3) ORDER BY id"
      printed(query, "csv").linesIterator.toSeq shouldBe
        "id,long" +: (0 to 2).map(i => s"$i,${"x" * 100}")
      printed(query, "json").linesIterator.toSeq shouldBe
        (0 to 2).map(i => s"""{"id":$i,"long":"${"x" * 100}"}""")
      printed(query, "table").linesIterator.toSeq should have size 5
      val bytes = "SELECT x'00ff' AS bytes"
      printed(bytes, "csv") should include("00ff")
      printed(bytes, "table") should include("00ff")
    }

    it("flows: rows beyond the first thousand are printed one by one") {
      var lines = 0L
      val counting = new OutputStream {
        override def write(b: Int): Unit = if (b == '\n') lines += 1
      }
      new ResultPrinter(counting, "table").print(sql.rows("SELECT id FROM range(200000)"))
      lines shouldBe 200002
    }
  }
}
