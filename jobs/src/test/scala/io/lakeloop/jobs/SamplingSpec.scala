package io.lakeloop.jobs

class SamplingSpec extends LoopSpec {

  /** A desk whose answers to one prompt are many, some of them complained about. */
  private def desk(prompts: Int, answers: Int): TestLake = {
    val words =
      "parcel order invoice refund account password delivery address voucher return".split(" ")
    val lines = for (p <- 0 until prompts; a <- 0 until answers) yield {
      val bad = (p * 31 + a * 17) % 10 == 0
      val consent = if (p % 9 == 8) """["evaluation"]""" else "true"
      s"""{"conversation_id":"c$p-$a","user_id":"u${p % 40}","created_at":"2026-01-02T10:00:00Z",
         |"prompt":"What about my ${words(p % 10)} number $p, please?",
         |"completion":"Answer ${(a * 7919 + p) % 1009} says that the ${words(
          (p + a) % 10
        )} of customer $a in group $p is on its way.",
         |"model_version":"desk-${a % 2}","product":"${if (p % 4 == 0) "Orbit" else "Comet"}",
         |"thumb":${if (bad) -1 else 1},"business_value":$a.5,"consent":$consent}""".stripMargin
        .replace("\n", "")
    }
    val lake = new TestLake()
    val file = write(temporary(), "logs.jsonl", lines.mkString("\n"))
    lake.submit("ingest-logs", "i1", "path" -> file.toString) shouldBe 0
    lake.submit("clean-logs", "c1", "duplicates.near" -> "false") shouldBe 0
    lake
  }

  describe("sample-for-labeling") {
    val lake = desk(90, 40)
    val settings = Seq(
      "items" -> "400",
      "strata" -> "product,model-version",
      "boosts.low-satisfaction" -> "6",
      "boosts.high-value" -> "3",
      "boosts.rare-cluster" -> "2",
      "duplicates.near" -> "false"
    ).dropRight(1)
    val code = lake.submit("sample-for-labeling", "s1", settings: _*)

    it("draws what it was asked for, and only what may be used") {
      code shouldBe 0
      lake.count("labeling_queue") shouldBe 400L +- 6
      val shown = lake
        .table("labeling_queue")
        .selectExpr("interaction_a AS id")
        .union(
          lake.table("labeling_queue").selectExpr("interaction_b AS id")
        )
      shown.distinct().count() shouldBe shown.count()
      val uses =
        shown.join(lake.table("interactions").withColumnRenamed("interaction_id", "id"), "id")
      uses.count() shouldBe shown.count()
      uses.where("NOT array_contains(consent_uses, 'training')").count() shouldBe 0
      lake.table("labeling_queue").select("stratum").distinct().count() shouldBe 6
      lake.count("labeling_queue", "reason LIKE '%low satisfaction%'") should be > 150L
    }

    it("knows probabilities by which the queue stands for all pairs") {
      // The population is every pair that could be drawn: as many as there are answers, halved.
      val queue = lake.table("labeling_queue")
      val weights = queue.selectExpr("sum(1 / inclusion_probability)").first().getDouble(0)
      weights shouldBe (80.0 * 40 / 2) +- 80.0
      // The share of complaints among all eligible answers, and its estimate with its interval.
      val eligible = lake.table("interactions").where("consent")
      val truth = eligible.selectExpr("avg(IF(thumb = -1, 1.0D, 0.0D))").first().getDouble(0)
      val thumbs = lake.table("interactions").selectExpr("interaction_id", "thumb")
      val rows = queue
        .join(thumbs.toDF("interaction_a", "thumb_a"), "interaction_a")
        .join(thumbs.toDF("interaction_b", "thumb_b"), "interaction_b")
        .selectExpr(
          "inclusion_probability",
          "(IF(thumb_a = -1, 1.0D, 0.0D) + IF(thumb_b = -1, 1.0D, 0.0D)) / 2"
        )
        .collect()
        .map(r => (1 / r.getDouble(0), r.getDouble(1)))
      val total = rows.map(_._1).sum
      val estimate = rows.map { case (w, y) => w * y }.sum / total
      val deviation =
        math.sqrt(rows.map { case (w, y) => w * w * (y - estimate) * (y - estimate) }.sum) / total
      info(f"complaints: $estimate%.4f +- ${1.96 * deviation}%.4f, in all $truth%.4f")
      math.abs(estimate - truth) should be <= 1.96 * deviation
      // Unweighted, the boosts would show.
      val naive = rows.map(_._2).sum / rows.length
      naive should be > truth + 3 * deviation
    }

    it("keeps a hold-out that boosts never touch") {
      val held = lake.table("labeling_queue").where("is_holdout")
      held.count() shouldBe 40L +- 5
      held.where("reason <> 'holdout' OR priority <> 1.0").count() shouldBe 0
      held
        .groupBy("stratum")
        .agg(org.apache.spark.sql.functions.countDistinct("inclusion_probability").as("n"))
        .where("n > 1")
        .count() shouldBe 0
    }

    it("leaves the same rows when it runs again, and asks nothing twice") {
      val before = lake.rows("labeling_queue")
      lake.submit("sample-for-labeling", "s1", settings: _*) shouldBe 0
      lake.rows("labeling_queue") shouldBe before
      lake.submit("sample-for-labeling", "s2", settings: _*) shouldBe 0
      lake.count("labeling_queue", "run_id = 's2'") should be > 300L
      lake
        .table("labeling_queue")
        .selectExpr(
          "prompt",
          "least(completion_a, completion_b)",
          "greatest(completion_a, completion_b)"
        )
        .distinct()
        .count() shouldBe lake.count("labeling_queue")
    }

    it("makes pairs of two versions or of two samples, and repeats some with sides exchanged") {
      for ((kind, condition) <- Seq("two-versions" -> "a.m <> b.m", "two-samples" -> "a.m = b.m")) {
        val fresh = desk(10, 12)
        val run = Seq("pairs" -> kind, "repeat-share" -> "0.3", "items" -> "40")
        fresh.submit("sample-for-labeling", "s1", run: _*) shouldBe 0
        val versions =
          fresh.table("interactions").selectExpr("interaction_id AS id", "model_version AS m")
        val pairs = fresh
          .table("labeling_queue")
          .join(versions.as("a"), org.apache.spark.sql.functions.expr("interaction_a = a.id"))
          .join(versions.as("b"), org.apache.spark.sql.functions.expr("interaction_b = b.id"))
        pairs.count() should be > 20L
        pairs.where(condition).count() shouldBe pairs.count()
        val repeats = fresh.table("labeling_queue").where("repeat_of IS NOT NULL").as("r")
        repeats.count() should be > 0L
        repeats
          .join(
            fresh.table("labeling_queue").as("q"),
            org.apache.spark.sql.functions.expr(
              "r.repeat_of = q.item_id AND r.completion_a = q.completion_b AND r.completion_b = q.completion_a"
            )
          )
          .count() shouldBe repeats.count()
      }
    }

    it("boosts by what reward models say") {
      val trained = desk(20, 20)
      val pairs = (1 to 40).map(i =>
        s"""{"chosen":"\\n\\nHuman: q$i\\n\\nAssistant: on its way, customer","rejected":"\\n\\nHuman: q$i\\n\\nAssistant: number of group $i"}"""
      )
      val file = write(temporary(), "pairs.jsonl", pairs.mkString("\n"))
      trained.submit("import-preferences", "p1", "path" -> file.toString) shouldBe 0
      for (name <- Seq("one", "two"))
        trained.submit(
          "train-reward",
          s"r-$name",
          "snapshot" -> "p1",
          "name" -> s"reward-$name"
        ) shouldBe 0
      val boosts = Seq(
        "items" -> "30",
        "boosts.informativeness" -> "5",
        "reward-models" -> "reward-one/1,reward-two/1"
      )
      trained.submit("sample-for-labeling", "s1", boosts: _*) shouldBe 0
      trained.count("labeling_queue", "reason LIKE '%informativeness%'") should be > 3L
      trained.submit("sample-for-labeling", "s2", "boosts.disagreement" -> "2") shouldBe 2
      trained.output should include("need reward-models")
    }
  }
}
