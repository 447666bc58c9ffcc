package io.lakeloop.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.lakeloop.run.UiLogin;
import org.junit.jupiter.api.Test;

/** The architecture: arrows point downward, and each thing that is hard to test has one home. */
class LayersTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.lakeloop");

  @Test
  void arrowsPointDownward() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("jobs")
        .definedBy("io.lakeloop.jobs..")
        .layer("workflows")
        .definedBy(
            "io.lakeloop.feedback..",
            "io.lakeloop.reward..",
            "io.lakeloop.policy..",
            "io.lakeloop.evaluation..",
            "io.lakeloop.supportdesk..",
            "io.lakeloop.release..",
            "io.lakeloop.report..")
        .layer("services")
        .definedBy(
            "io.lakeloop.run..",
            "io.lakeloop.registry..",
            "io.lakeloop.table..",
            "io.lakeloop.session..")
        .layer("core")
        .definedBy(
            "io.lakeloop.chat..",
            "io.lakeloop.lm..",
            "io.lakeloop.algorithm..",
            "io.lakeloop.text..",
            "io.lakeloop.s3..",
            "io.lakeloop.agreement..")
        .layer("config")
        .definedBy("io.lakeloop.config..")
        .whereLayer("jobs")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("workflows")
        .mayOnlyBeAccessedByLayers("jobs")
        .whereLayer("services")
        .mayOnlyBeAccessedByLayers("jobs", "workflows")
        .whereLayer("core")
        .mayOnlyBeAccessedByLayers("jobs", "workflows", "services")
        .check(CLASSES);
  }

  @Test
  void mathsKnowsNeitherSparkNorDjl() {
    noClasses()
        .that()
        .resideInAnyPackage("io.lakeloop.algorithm..", "io.lakeloop.agreement..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark..", "ai.djl..")
        .check(CLASSES);
  }

  @Test
  void tensorsStayBelowTheWorkflows() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.lakeloop.lm..", "io.lakeloop.session..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.djl..")
        .check(CLASSES);
  }

  @Test
  void amazonsClientStaysBehindTheBucket() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.lakeloop.s3..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.amazonaws..")
        .check(CLASSES);
  }

  @Test
  void onlyTheTableLayerWritesDatasets() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.lakeloop.table..")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("org\\.apache\\.spark\\.sql\\.DataFrameWriter.*")
        .check(CLASSES);
  }

  @Test
  void onlyTheRunReadsTheClockOrMakesRandomness() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.lakeloop.run..", "io.lakeloop.jobs")
        .should()
        .callMethod(java.time.Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.util\\.Random|java\\.util\\.concurrent\\.ThreadLocalRandom"
                + "|java\\.security\\.SecureRandom|java\\.util\\.UUID")
        .check(CLASSES);
  }

  @Test
  void nobodyReadsTheEnvironment() {
    noClasses()
        .that()
        // Spark makes it, so it has no run's context to ask for the home folder.
        .doNotBelongToAnyOf(UiLogin.class)
        .should()
        .callMethod(System.class, "getenv", String.class)
        .orShould()
        .callMethod(System.class, "getProperty", String.class)
        .check(CLASSES);
  }
}
