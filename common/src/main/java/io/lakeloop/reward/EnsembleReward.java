package io.lakeloop.reward;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.Name;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reward models that were trained apart and score together (Coste et al. 2023, <a
 * href="https://arxiv.org/abs/2310.02743">2310.02743</a>): where they disagree, the pairs do not
 * say what is better, and a cautious score is lower. Members that are language models are adapters
 * of one base.
 */
public final class EnsembleReward implements RewardModel {
  private static final String ENSEMBLE_JSON = "ensemble.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<RewardModel> members;
  private final RewardModels.Aggregate aggregate;
  private final Normalisation normalisation;

  /**
   * What the folder says beside its members.
   *
   * @param members names of their folders
   */
  record Description(List<String> members, double temperature) {}

  public EnsembleReward(
      List<RewardModel> members, RewardModels.Aggregate aggregate, double temperature) {
    this.members = List.copyOf(members);
    this.aggregate = aggregate;
    // Of the mean score a member's share of the log odds is what it is of its own.
    double slope =
        members.stream().mapToDouble(m -> 1 / m.normalisation().gain()).average().orElseThrow();
    this.normalisation = new Normalisation(1 / slope, 0, temperature);
  }

  static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(ENSEMBLE_JSON));
  }

  /** Folders of the members. */
  static List<Path> members(Path folder) throws IOException {
    return description(folder).members().stream()
        .map(member -> folder.resolve(Name.parse(member).text()))
        .toList();
  }

  private static Description description(Path folder) throws IOException {
    return JSON.readValue(folder.resolve(ENSEMBLE_JSON).toFile(), Description.class);
  }

  static EnsembleReward open(Path folder, ModelLoader loader, RewardModels.Aggregate aggregate)
      throws IOException {
    List<RewardModel> opened = new ArrayList<>();
    for (Path member : members(folder)) {
      opened.add(
          LinearReward.isIn(member)
              ? LinearReward.open(member)
              : TransformerReward.open(member, loader));
    }
    return new EnsembleReward(opened, aggregate, description(folder).temperature());
  }

  @Override
  public boolean tellsApart(PreferencePair pair) {
    return members.stream().anyMatch(member -> member.tellsApart(pair));
  }

  @Override
  public void write(Path folder, Path companions) throws IOException {
    List<String> names = new ArrayList<>();
    for (RewardModel member : members) {
      String name = "member-" + names.size();
      member.write(Files.createDirectories(folder.resolve(name)), companions);
      names.add(name);
    }
    JSON.writeValue(
        folder.resolve(ENSEMBLE_JSON).toFile(),
        new Description(names, normalisation.temperature()));
  }

  @Override
  public double[] score(List<Exchange> exchanges) {
    List<double[]> each = members.stream().map(member -> member.score(exchanges)).toList();
    double[] scores = new double[exchanges.size()];
    for (int i = 0; i < scores.length; i++) {
      int at = i;
      scores[i] = aggregate.of(each.stream().mapToDouble(member -> member[at]).toArray());
    }
    return scores;
  }

  /** Those of the first member. */
  @Override
  public double[][] features(List<Exchange> exchanges) {
    return members.get(0).features(exchanges);
  }

  @Override
  public Normalisation normalisation() {
    return normalisation;
  }

  @Override
  public EnsembleReward calibrated(double temperature) {
    return new EnsembleReward(members, aggregate, temperature);
  }

  @Override
  public void close() {
    members.forEach(RewardModel::close);
  }
}
