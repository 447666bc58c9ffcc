package io.lakeloop.run;

import io.lakeloop.config.Digest;
import io.lakeloop.config.EnvironmentSettings;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.Quoted;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.Settings;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.Registry;
import io.lakeloop.table.Lake;
import io.lakeloop.table.Table;
import io.lakeloop.text.NameRedactor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.RecordComponent;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Runs a job: resolves its settings, pins what it reads, keeps the ledger, and turns whatever
 * happens into an exit code.
 */
public final class JobRunner {
  private static final DateTimeFormatter RUN_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);
  private static final int LONGEST_ERROR = 2000;
  private final Lake lake;
  private final ArtifactStore artifacts;
  private final Clock clock;
  private final Console console;
  private final String codeVersion;

  /**
   * @param artifacts where models are published and leases are kept
   */
  public JobRunner(
      Lake lake, ArtifactStore artifacts, Clock clock, Console console, String codeVersion) {
    this.lake = lake;
    this.artifacts = artifacts;
    this.clock = clock;
    this.console = console;
    this.codeVersion = codeVersion;
  }

  /** Runs the job; returns the exit code of the process: 0, or that of the error's code. */
  public <C extends Record> int run(JobDefinition<C> definition, Invocation invocation) {
    try {
      attempt(definition, invocation);
      return 0;
    } catch (Exception | LinkageError | OutOfMemoryError | StackOverflowError e) {
      return report(e);
    }
  }

  private <C extends Record> void attempt(JobDefinition<C> definition, Invocation invocation)
      throws Exception {
    hide(invocation.overrides().values());
    C config =
        Settings.load(
            definition.settings(),
            definition.name(),
            EnvironmentSettings.files(
                invocation.conf(), invocation.environment().text(), definition.name()),
            invocation.overrides());
    Instant now = clock.instant();
    if (definition.job().isPreview(config)) {
      preview(definition, invocation, config, now);
      return;
    }
    Name runId =
        invocation
            .runId()
            .orElseGet(() -> Name.parse(definition.name() + "-" + RUN_TIME.format(now)));
    try (Leases leases =
        new Leases(lake.root(), artifacts, runId, console, Lease.PACE)
            .take(definition.job().access(), this::interrupt)) {
      requireApart(definition, leases);
      attempt(definition, invocation, config, leases, now);
    }
  }

  /** Runs what looks at its input and writes nothing: no row in the ledger, no lease. */
  private <C extends Record> void preview(
      JobDefinition<C> definition, Invocation invocation, C config, Instant now) throws Exception {
    Name runId = Name.parse("preview");
    LakeRegistry registry = new LakeRegistry(lake, artifacts);
    Ledger.Start start = start(definition, invocation, config, registry, runId, now);
    Lineage lineage = new Lineage(runId);
    definition.job().run(config, context(invocation, registry, start, lineage, files -> {}));
  }

  private <C extends Record> Ledger.Start start(
      JobDefinition<C> definition,
      Invocation invocation,
      C config,
      LakeRegistry registry,
      Name runId,
      Instant now)
      throws Exception {
    return new Ledger.Start(
        runId,
        definition.name(),
        invocation.environment().text(),
        now,
        shown(config),
        Digest.of(Settings.toJson(config)),
        pins(definition, config, registry),
        codeVersion);
  }

  private JobContext context(
      Invocation invocation,
      LakeRegistry registry,
      Ledger.Start start,
      Lineage lineage,
      Consumer<Map<String, String>> pinFiles) {
    RunTables tables =
        new RunTables(
            lake,
            artifacts.address(),
            start.runId(),
            start.pinned(),
            lineage,
            "{\"run_id\":\"%s\",\"job\":\"%s\",\"code_version\":\"%s\",\"config_digest\":\"%s\"}"
                .formatted(start.runId(), start.job(), start.codeVersion(), start.configDigest()));
    return new JobContext(
        lake.spark(),
        new Environments(lake.spark(), invocation.conf()),
        registry,
        tables,
        lineage,
        start,
        pinFiles,
        console);
  }

  /** Nobody reads what is being deleted, and nobody deletes what is being read. */
  private void requireApart(JobDefinition<?> definition, Leases leases)
      throws IOException, InterruptedException {
    switch (definition.job().access()) {
      case READS -> leases.requireNoDeletion(definition.reads());
      case DELETES -> leases.requireNoReaders(UnfinishedRuns.of(lake, artifacts));
      default -> {}
    }
  }

  /** Stops what this driver computes: another one has taken the run over. */
  private void interrupt(Thread worker) {
    lake.spark().sparkContext().cancelAllJobs();
    worker.interrupt();
  }

  private <C extends Record> void attempt(
      JobDefinition<C> definition, Invocation invocation, C config, Leases leases, Instant now)
      throws Exception {
    Ledger ledger = new Ledger(lake, leases.driver());
    LakeRegistry registry = new LakeRegistry(lake, artifacts);
    Ledger.Start start =
        start(ledger, definition, invocation, config, registry, leases.runId(), now);
    console.detail("%s --run-id %s", definition.name(), start.runId());
    console.detail("  settings %s", start.config());
    Lineage lineage = new Lineage(start.runId());
    JobContext context =
        context(invocation, registry, start, lineage, files -> ledger.pinFiles(start, files));
    try {
      // A deletion may have begun, or ended, before this run's row was there to be seen.
      requireApart(definition, leases);
      requireNothingDeletedSince(definition, start);
      definition.job().run(config, context);
      leases.requireHeld();
      discardDrafts(start.runId());
    } catch (Exception | LinkageError | OutOfMemoryError | StackOverflowError e) {
      // What another driver goes on with is its own to end.
      leases.requireHeld();
      discardDrafts(start.runId());
      UserError error = Failure.userError(e).orElse(null);
      Ledger.End end =
          new Ledger.End(
              clock.instant(),
              Optional.of(error == null ? ErrorCode.INTERNAL : error.code()),
              error == null ? place(e) : cut(console.shown(error.getMessage())));
      try {
        ledger.ended(start, end, lineage);
      } catch (Exception unwritten) {
        // What stopped the job may keep the ledger from being written, too.
        e.addSuppressed(unwritten);
        console.say("  %s: its end could not be written to the table runs", start.runId());
      }
      throw e;
    }
    ledger.ended(start, new Ledger.End(clock.instant(), Optional.empty(), null), lineage);
    console.detail(
        "  done: %,d rows read, %,d rows written", lineage.rowsRead(), lineage.rowsWritten());
  }

  /** No attempt goes on with another's drafts. */
  private void discardDrafts(Name runId) {
    try {
      new Registry(artifacts).discardDrafts(runId);
    } catch (IOException e) {
      console.say("  %s: what it left half-built could not be removed: %s", runId, e.getMessage());
    }
  }

  /** What an earlier attempt of the run fixed, or what is now. */
  private <C extends Record> Ledger.Start start(
      Ledger ledger,
      JobDefinition<C> definition,
      Invocation invocation,
      C config,
      LakeRegistry registry,
      Name runId,
      Instant now)
      throws Exception {
    Optional<Ledger.Start> earlier =
        ledger.earlier(runId, definition.name(), shown(config), Digest.of(Settings.toJson(config)));
    if (earlier.isPresent()) {
      requireNothingDeletedSince(definition, earlier.get());
      ledger.started(earlier.get());
      return earlier.get();
    }
    Ledger.Start start = start(definition, invocation, config, registry, runId, now);
    ledger.started(start);
    return start;
  }

  /** Settings as they may be shown, in lines that repeat one of them, too. */
  private String shown(Record config) {
    List<String> texts = new ArrayList<>();
    NameRedactor names = new NameRedactor();
    String shown =
        Settings.toJson(
            config,
            text -> {
              texts.add(text);
              return names.redact(text);
            });
    hide(texts);
    return shown;
  }

  /**
   * Lines that repeat one of the texts, whole or as {@link Quoted}, do so without personal data.
   */
  private void hide(Collection<String> texts) {
    NameRedactor names = new NameRedactor();
    Map<String, String> hidden = new HashMap<>();
    for (String text : texts) {
      String redacted = names.redact(text);
      if (!redacted.equals(text)) {
        hidden.put(text, redacted);
        hidden.put(Quoted.of(text), Quoted.of(redacted));
      }
    }
    console.hide(hidden);
  }

  /** What was pinned would bring back what people asked to have deleted. */
  private void requireNothingDeletedSince(JobDefinition<?> definition, Ledger.Start earlier) {
    if (definition.job().access() == Job.Access.DELETES) {
      return;
    }
    for (Table table : definition.reads()) {
      String pinned = earlier.pinned().getOrDefault(RunTables.pin(table), RunTables.ABSENT);
      if (!pinned.equals(RunTables.ABSENT) && lake.deletedSince(table, Long.parseLong(pinned))) {
        throw new UserError(
            ErrorCode.INPUT_MISSING,
            "Cannot run %s again: rows of %s that it read have been deleted since, as too old or on"
                + " request, and must not come back. Start a new run, under another --run-id.",
            earlier.runId(),
            table.name());
      }
    }
  }

  /** Fixes what "now" means for this run: versions of tables, and of models named in settings. */
  private <C extends Record> Map<String, String> pins(
      JobDefinition<C> definition, C config, LakeRegistry registry) throws Exception {
    Map<String, String> pins = new TreeMap<>();
    for (Table table : definition.reads()) {
      OptionalLong version = lake.version(table);
      pins.put(
          RunTables.pin(table),
          version.isPresent() ? String.valueOf(version.getAsLong()) : RunTables.ABSENT);
    }
    pinModels(config, registry, pins);
    return pins;
  }

  /** A model that is missing fails where the job asks for it: a setting may not come into play. */
  private void pinModels(Record settings, LakeRegistry registry, Map<String, String> pins)
      throws Exception {
    for (RecordComponent component : settings.getClass().getRecordComponents()) {
      component.getAccessor().setAccessible(true);
      Object value = component.getAccessor().invoke(settings);
      if (value instanceof ModelRef ref) {
        OptionalInt version = registry.registry().version(ref);
        if (version.isPresent()) {
          pins.put("model:" + ref, String.valueOf(version.getAsInt()));
        }
        if (ref.isLatest()) {
          registry
              .registry()
              .passedOver(ref.model())
              .forEach(line -> console.say("  passed over: %s", line));
        }
      } else if (value instanceof Record inner) {
        pinModels(inner, registry, pins);
      }
    }
  }

  private int report(Throwable failure) {
    Optional<UserError> error = Failure.userError(failure);
    if (error.isPresent()) {
      console.say("%s", error.get().getMessage());
      return error.get().code().exitCode();
    }
    console.say("Failed on a defect, not on your input:");
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    console.say("%s", trace);
    return ErrorCode.INTERNAL.exitCode();
  }

  /** Where a defect is; libraries put values of the data into what they say of it. */
  private static String place(Throwable defect) {
    Throwable root = RootCause.of(defect);
    StackTraceElement[] frames = root.getStackTrace();
    return root.getClass().getName() + (frames.length == 0 ? "" : " at " + frames[0]);
  }

  private static String cut(String message) {
    return message.length() <= LONGEST_ERROR ? message : message.substring(0, LONGEST_ERROR);
  }
}
