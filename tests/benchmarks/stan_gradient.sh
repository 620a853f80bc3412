#!/bin/sh
# Compile a program by Stan into a library that benchmarks call: stan_gradient.sh PYTHON MODEL OUTPUT, where PYTHON is one
# that has pystan. Compiler options are those of pystan.
set -e
here=$(cd "$(dirname "$0")" && pwd)
stan=$("$1" -c 'import httpstan, pathlib; print(pathlib.Path(httpstan.__file__).parent)')
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cp "$2" "$work/program.stan"
"$stan/stanc" --name program_model --print-cpp "$work/program.stan" > "$work/model.hpp"
g++ -O3 -std=c++14 -w -fPIC -shared -I "$stan/include" -include "$work/model.hpp" "$here/stan_gradient.cpp" -o "$3" \
  -DBOOST_DISABLE_ASSERTS -DBOOST_PHOENIX_NO_VARIADIC_EXPRESSION -DSTAN_THREADS -D_REENTRANT \
  -D_GLIBCXX_USE_CXX11_ABI=0 -L "$stan/lib" -lsundials_cvodes -lsundials_idas -lsundials_nvecserial -l:libtbb.so.2 \
  -Wl,-rpath,"$stan/lib"
