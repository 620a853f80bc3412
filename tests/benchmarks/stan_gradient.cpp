// The gradient of a Stan model for a program that measures it. The model's code is included by the compiler's -include.
#include <fstream>
#include <stan/io/json/json_data.hpp>
#include <stan/model/log_prob_grad.hpp>

extern "C" void *make_model(const char *path) {
  std::ifstream in(path);
  stan::json::json_data data(in);
  return &new_model(data, 0, &std::cerr);
}

extern "C" double model_gradient(void *model, const double *q, double *gradient) {
  auto &found = *static_cast<stan::model::model_base *>(model);
  std::vector<double> at(q, q + found.num_params_r()), slopes;
  std::vector<int> none;
  double value = stan::model::log_prob_grad<true, true>(found, at, none, slopes);
  std::copy(slopes.begin(), slopes.end(), gradient);
  return value;
}
