package io.lakeloop.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What somebody did to the registry's files behind its back. */
class RegistryTrustTest {
  private static final Name POLICY = Name.parse("policy");
  private static final Alias CHAMPION = Alias.parse("champion");

  @TempDir private Path root;
  private LocalArtifactStore store;
  private Registry registry;

  @BeforeEach
  void open() {
    store = new LocalArtifactStore(root);
    registry = new Registry(store);
  }

  private ModelVersion publish(String model, String runId) throws IOException {
    Path draft = registry.draft(Name.parse(model), Name.parse(runId));
    Files.writeString(draft.resolve("weights"), model + " by " + runId);
    return registry.publish(
        draft,
        new Manifest(model, 0, "test", runId, List.of(), "s", "c", "v", 7, "t", new TreeMap<>()));
  }

  private Path version(String name) {
    return root.resolve("models").resolve(name);
  }

  private void swap(String one, String other) throws IOException {
    Path aside = root.resolve("aside");
    Files.move(version(one), aside);
    Files.move(version(other), version(one));
    Files.move(aside, version(other));
  }

  private ModelVersion resolve(String ref) throws IOException {
    return registry.resolve(ModelRef.parse(ref));
  }

  private static void assertRefused(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            UserError.class,
            error -> {
              assertThat(error.code()).isEqualTo(ErrorCode.ARTIFACT_CORRUPT);
              assertThat(error.getMessage().lines()).hasSize(1);
              assertThat(error.getMessage()).startsWith("Cannot ").contains(parts);
            });
  }

  @Test
  void swappedFoldersAreNotWhatTheirAddressSays() throws IOException {
    publish("policy", "a");
    publish("policy", "b");
    publish("sft", "c");
    swap("policy/1", "sft/1");
    assertRefused(() -> resolve("policy/1"), "policy/1", "is that of sft/1");
    swap("policy/1", "policy/2");
    assertRefused(() -> resolve("policy/1"), "is that of policy/2");
  }

  /** Weights and manifest were edited together, or the manifest alone: the lake's row tells. */
  @Test
  void aRowOfTheLakeTellsWhatWasPublished() throws IOException {
    ModelVersion version = publish("policy", "a");
    List<Recorded> row =
        List.of(new Recorded(version.manifest().digest(), version.manifestDigest()));
    List<Recorded> old = List.of(new Recorded(version.manifest().digest(), null));
    Path manifest = version.folder().resolve("manifest.json");
    String honest = Files.readString(manifest);

    Files.writeString(manifest, honest.replace("\"seed\" : 7", "\"seed\" : 8"));
    assertRefused(() -> knowing(row).resolve(version.ref()), "policy/1", "model_versions");
    knowing(old).resolve(version.ref());

    Files.writeString(version.folder().resolve("weights"), "poisoned");
    Files.writeString(
        manifest,
        honest.replace(
            version.manifest().files().get("weights"),
            Digest.of(version.folder().resolve("weights"))));
    assertRefused(() -> knowing(row).resolve(version.ref()), "policy/1", "model_versions");
    assertRefused(() -> knowing(old).resolve(version.ref()), "policy/1", "model_versions");
    assertRefused(() -> resolve("policy/1"), "model_versions");
  }

  private Registry knowing(List<Recorded> rows) {
    return new Registry(store, Map.of("policy/1", rows));
  }

  /** A registry that was emptied and filled again leaves rows of versions that are no more. */
  @Test
  void oneOfSeveralRowsIsEnough() throws IOException {
    ModelVersion version = publish("policy", "a");
    Recorded gone = new Recorded("other", "other");
    Recorded row = new Recorded(version.manifest().digest(), version.manifestDigest());
    assertThat(knowing(List.of(gone, row)).resolve(version.ref())).isEqualTo(version);
    assertRefused(() -> knowing(List.of(gone)).resolve(version.ref()), "model_versions");
  }

  /** What a retry publishes for its first attempt is not what somebody put in its place. */
  @Test
  void aRetryBlessesNothing() throws IOException {
    ModelVersion version = publish("policy", "a");
    Files.writeString(version.folder().resolve("weights"), "poisoned");
    assertRefused(() -> publish("policy", "a"), "weights differ from the manifest");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "{}",
        "{\"model\":",
        "[]",
        "{\"model\":\"a/B c\",\"version\":3,\"runId\":\"r\",\"parents\":[],\"files\":{}}",
        "{\"model\":\"policy\",\"version\":3,\"runId\":\"r\",\"parents\":[\"../x\"],\"files\":{}}"
      })
  void aBrokenVersionBlocksNothing(String manifest) throws IOException {
    publish("policy", "a");
    ModelVersion second = publish("policy", "b");
    publish("policy", "c");
    registry.move(CHAMPION, resolve("policy/3"), "me", Name.parse("p"), "why", "t");
    Files.writeString(version("policy/3/manifest.json"), manifest);

    assertRefused(() -> resolve("policy/3"), "Cannot load policy/3: its manifest.json");
    assertRefused(() -> resolve("policy/champion"), "policy/champion, which is policy/3");
    assertThat(resolve("policy/latest")).isEqualTo(second);
    assertThat(registry.passedOver(POLICY))
        .singleElement()
        .asString()
        .contains("Cannot load policy/3: its manifest.json");
    // Its number stays taken.
    assertThat(publish("policy", "d").version()).isEqualTo(4);
    assertThat(registry.passedOver(POLICY)).isEmpty();
  }

  @Test
  void aVersionWithoutManifestIsToldOf() throws IOException {
    publish("policy", "a");
    Files.delete(version("policy/1/manifest.json"));
    assertRefused(() -> resolve("policy/1"), "it has no manifest.json");
    assertThatThrownBy(() -> resolve("policy/latest"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Cannot find policy/latest")
        .hasMessageContaining("the last 1 cannot be read");
    assertThat(publish("policy", "b").version()).isEqualTo(2);
  }

  @Test
  void linksLeadNowhere() throws IOException {
    ModelVersion version = publish("policy", "a");
    Path outside = Files.writeString(root.resolve("outside"), "policy by a");
    Path weights = version.folder().resolve("weights");
    Files.delete(weights);
    Files.createSymbolicLink(weights, outside);
    assertRefused(() -> resolve("policy/1"), "weights is no plain file but a link");

    Path draft = registry.draft(POLICY, Name.parse("b"));
    Files.createSymbolicLink(draft.resolve("generation_config.json"), outside);
    Manifest manifest =
        new Manifest("policy", 0, "k", "b", List.of(), "", "", "", 0, "t", new TreeMap<>());
    assertRefused(() -> registry.publish(draft, manifest), "generation_config.json is no plain");
    assertThat(registry.versions(POLICY)).containsExactly(1);

    Files.delete(weights);
    Files.writeString(weights, "policy by a");
    resolve("policy/1");
    Files.move(version.folder(), root.resolve("elsewhere"));
    Files.createSymbolicLink(version.folder(), root.resolve("elsewhere"));
    assertRefused(() -> resolve("policy/1"), "it is no plain file but a link");
  }

  @Test
  void whatIsAdoptedIsWhatWasVerified(@TempDir Path other) throws IOException {
    ModelVersion source = publish("policy", "a");
    Registry target = new Registry(new LocalArtifactStore(other));
    Files.copy(
        Files.writeString(root.resolve("evil"), "poisoned"),
        source.folder().resolve("weights"),
        StandardCopyOption.REPLACE_EXISTING);
    assertRefused(() -> target.adopt(source, Name.parse("p")), "weights differ");
    assertThat(target.versions(POLICY)).isEmpty();
    assertThat(other.resolve(".drafts")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "[null]", "{", "7"})
  void aGarbledAliasIsToldOf(String record) throws IOException {
    ModelVersion version = publish("policy", "a");
    store.replaceRecord("aliases/policy/champion.json", Optional.empty(), record);
    assertRefused(() -> resolve("policy/champion"), "aliases/policy/champion.json", "delete it");
    assertRefused(
        () -> registry.move(CHAMPION, version, "me", Name.parse("p"), "why", "t"),
        "Cannot read the alias policy/champion");
    resolve("policy/latest");
  }

  @ParameterizedTest
  @ValueSource(strings = {"latest", "7", "007", "99999999999999999999", "a/b", ""})
  void anAliasIsNothingElse(String text) {
    assertThatThrownBy(() -> Alias.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aReferenceToNoVersionFindsNone() throws IOException {
    publish("policy", "a");
    for (String ref : List.of("policy/0", "policy/99999999999999999999", "policy/nobody")) {
      assertThatThrownBy(() -> resolve(ref)).hasMessageContaining("Cannot find " + ref);
    }
  }

  /** A draft's name never meets another's, nor what is published. */
  @Test
  void draftsStayAmongDraftsAndGo() throws IOException {
    publish("reward-linear", "x");
    Path one = registry.draft(Name.parse("reward"), Name.parse("linear-x"));
    Path other = registry.draft(Name.parse("reward-linear"), Name.parse("x"));
    assertThat(one).isNotEqualTo(other).isEmptyDirectory();
    for (String name : List.of("../models/reward-linear", "..", "a/../..", "")) {
      assertThatThrownBy(() -> store.draft(name)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> store.discard(name)).isInstanceOf(IllegalArgumentException.class);
    }
    registry.discardDrafts(Name.parse("linear-x"));
    assertThat(one).doesNotExist();
    assertThat(other).isEmptyDirectory();
    registry.discardDrafts(Name.parse("x"));
    assertThat(root.resolve(".drafts")).isEmptyDirectory();
    resolve("reward-linear/1");
  }

  private Checkpoints checkpoints() {
    return registry.checkpoints(Name.parse("run"), Name.parse("states"));
  }

  private void commit(int step) throws IOException {
    checkpoints().commit(step, folder -> Files.writeString(folder.resolve("state"), "s" + step));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "{", "[1]", "{\"state\":7}"})
  void aGarbledCheckpointIsPassedOverAndMadeAgain(String digests) throws IOException {
    commit(1);
    commit(2);
    Path damaged = root.resolve("checkpoints/run/states/2");
    Files.writeString(damaged.resolve("digests.json"), digests);
    assertThat(checkpoints().latest().orElseThrow().step()).isEqualTo(1);
    commit(2);
    assertThat(checkpoints().latest().orElseThrow().step()).isEqualTo(2);

    Files.createDirectory(damaged.resolve("more"));
    assertThat(checkpoints().latest().orElseThrow().step()).isEqualTo(1);
  }
}
